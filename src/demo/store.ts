import { type DemoEvent, type State, reduce } from "./state.ts";

type Unstamped<Event> = Event extends unknown ? Omit<Event, "now"> : never;

/** Holds the state, changes it by events, and redraws at most once in each animation frame. */
export type Store = {
  readonly state: State;
  dispatch(event: Unstamped<DemoEvent>): void;
  close(): void;
};

/** Clocks on the page count on in steps of this, ms. */
const TICK_MS = 1_000;

export function createStore(initial: State, regions: ((state: State) => void)[]): Store {
  let state = initial;
  let frame = 0;
  const draw = () => {
    frame = 0;
    for (const region of regions) region(state);
  };
  const dispatch = (event: Unstamped<DemoEvent>) => {
    state = reduce(state, { ...event, now: Date.now() } as DemoEvent);
    frame ||= requestAnimationFrame(draw);
  };
  const timer = setInterval(() => dispatch({ type: "tick" }), TICK_MS);
  draw();
  return {
    get state() {
      return state;
    },
    dispatch,
    close() {
      clearInterval(timer);
      cancelAnimationFrame(frame);
    },
  };
}
