import { type DemoEvent, type State, reduce } from "./state/state.ts";

type Unstamped<Event> = Event extends unknown ? Omit<Event, "now"> : never;

/** Holds the state, changes it by events, and renders it at most once in each animation frame. */
export type Store = {
  readonly state: State;
  dispatch(event: Unstamped<DemoEvent>): void;
  addView(view: (state: State) => void): void;
  close(): void;
};

const TICK_MS = 1_000;

export function createStore(initial: State): Store {
  const views: ((state: State) => void)[] = [];
  let state = initial;
  let frame = 0;
  const show = (view: (state: State) => void) => {
    try {
      view(state);
    } catch (error) {
      // One broken view must not stop the others.
      reportError(error);
    }
  };
  const render = () => {
    frame = 0;
    views.forEach(show);
  };
  const dispatch = (event: Unstamped<DemoEvent>) => {
    state = reduce(state, { ...event, now: Date.now() } as DemoEvent);
    frame ||= requestAnimationFrame(render);
  };
  const timer = setInterval(() => dispatch({ type: "tick" }), TICK_MS);
  return {
    get state() {
      return state;
    },
    dispatch,
    addView(view) {
      views.push(view);
      show(view);
    },
    close() {
      clearInterval(timer);
      cancelAnimationFrame(frame);
    },
  };
}

/** Collects items that arrive in one task and passes them on together. */
export function createBatch<Item>(pass: (items: Item[]) => void): (item: Item) => void {
  let items: Item[] = [];
  return (item) => {
    items.push(item);
    if (items.length > 1) return;
    queueMicrotask(() => {
      const batch = items;
      items = [];
      pass(batch);
    });
  };
}
