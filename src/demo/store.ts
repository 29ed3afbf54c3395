/** SHOWN. Connects the state to the views. */
import type { Chat } from "../app.ts";
import { type RoomMessage, callAndReport } from "../realtime/index.ts";
import { type DemoEvent, type State, reduce } from "./state/state.ts";

/**
 * Holds the state, changes it by events, and renders it at most once in a frame. After a slow render
 * it rests, so that a person can type and scroll while many messages arrive.
 */
export type Store = {
  readonly state: State;
  dispatch(event: DemoEvent): void;
  addView(view: (state: State) => void): void;
  /** Calls it now and at each change. Frames, in which views render, stand still in a hidden tab. */
  onChange(listener: (state: State) => void): void;
  close(): void;
};

/** Collects messages until another event, or until the running microtasks end, and passes them on as one. */
export function collecting(dispatch: Store["dispatch"]): Store["dispatch"] {
  const messages: RoomMessage<Chat>[] = [];
  const passOn = () => {
    if (messages.length === 0) return;
    dispatch({ type: "messages", messages: messages.splice(0), now: Date.now() });
  };
  return (event) => {
    if (event.type !== "messages") {
      passOn();
      return dispatch(event);
    }
    if (messages.length === 0) queueMicrotask(passOn);
    messages.push(...event.messages);
  };
}

const TICK_MS = 1_000;
/** A rest lasts this many times as long as its render. */
const REST_FACTOR = 4;
const MAX_REST_MS = 100;

export function createStore(initial: State): Store {
  const views: ((state: State) => void)[] = [];
  const listeners: ((state: State) => void)[] = [];
  let state = initial;
  let frame = 0;
  // One broken view must not stop the others.
  const show = (view: (state: State) => void) => callAndReport(() => view(state));
  const render = (startedAt: number) => {
    const shown = state;
    views.forEach(show);
    const rest = Math.min(REST_FACTOR * (performance.now() - startedAt), MAX_REST_MS);
    setTimeout(() => {
      frame = state === shown ? 0 : requestAnimationFrame(render);
    }, rest);
  };
  const dispatch = (event: DemoEvent) => {
    state = reduce(state, event);
    listeners.forEach(show);
    frame ||= requestAnimationFrame(render);
  };
  const timer = setInterval(() => dispatch({ type: "tick", now: Date.now() }), TICK_MS);
  return {
    get state() {
      return state;
    },
    dispatch,
    addView(view) {
      views.push(view);
      show(view);
    },
    onChange(listener) {
      listeners.push(listener);
      show(listener);
    },
    close() {
      views.length = 0;
      listeners.length = 0;
      clearInterval(timer);
      cancelAnimationFrame(frame);
    },
  };
}
