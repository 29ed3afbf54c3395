import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Store, collecting, createStore } from "../../src/demo/store.ts";
import { type DemoEvent, initialState } from "../../src/demo/state/state.ts";
import type { Chat } from "../../src/app.ts";
import type { RoomMessage } from "../../src/realtime/index.ts";

const FRAME_MS = 16;

it("passes on messages as one event, and before any other that comes after them", async () => {
  const events: DemoEvent[] = [];
  const dispatch = collecting((event) => events.push(event));
  const message = (key: string) =>
    dispatch({ type: "messages", messages: [{ key } as RoomMessage<Chat>], now: 0 });
  message("a");
  message("b");
  dispatch({ type: "members", members: [], now: 0 });
  message("c");
  await Promise.resolve();
  const told = events.map((event) =>
    event.type === "messages" ? event.messages.map(({ key }) => key).join("") : event.type,
  );
  expect(told).toEqual(["ab", "members", "c"]);
});

/** A browser whose time passes only by frames, and while a view renders. */
describe("the store", () => {
  let now = 0;
  let frame: FrameRequestCallback | undefined;
  let timers: { due: number; callback: () => void }[] = [];
  let store: Store;

  beforeEach(() => {
    [now, frame, timers] = [0, undefined, []];
    vi.stubGlobal("requestAnimationFrame", (callback: FrameRequestCallback) => {
      frame = callback;
      return 1;
    });
    vi.stubGlobal("cancelAnimationFrame", () => {});
    vi.stubGlobal("setTimeout", (callback: () => void, ms: number) => {
      timers.push({ due: now + ms, callback });
    });
    vi.spyOn(performance, "now").mockImplementation(() => now);
    store = createStore(initialState({ clientId: "ada", name: "Ada" }, false, 0));
  });

  afterEach(() => {
    store.close();
    vi.unstubAllGlobals();
  });

  /** Renders for this long each time. Returns the times at which it began, in ms. */
  function addView(renderMs: number): number[] {
    const renders: number[] = [];
    store.addView(() => {
      renders.push(now);
      now += renderMs;
    });
    renders.length = 0;
    return renders;
  }

  function nextFrame(): void {
    now += FRAME_MS;
    const due = timers.filter((timer) => timer.due <= now);
    timers = timers.filter((timer) => timer.due > now);
    for (const { callback } of due) callback();
    const callback = frame;
    frame = undefined;
    callback?.(now);
  }

  /** A message arrives before each frame. */
  function flood(ms: number): void {
    for (const end = now + ms; now < end; nextFrame()) store.dispatch({ type: "tick", now });
  }

  it("renders in each frame while that is quick", () => {
    const renders = addView(0);
    flood(1_000);
    expect(renders).toHaveLength(Math.ceil(1_000 / FRAME_MS));
  });

  it("leaves the browser four fifths of the time when it is not", () => {
    const renders = addView(20);
    flood(1_000);
    expect(renders.length).toBeGreaterThan(5);
    expect(renders.length * 20).toBeLessThanOrEqual(1_000 / 5 + 20);
  });

  it("does not rest for longer than people notice", () => {
    const renders = addView(400);
    flood(1_000);
    const [first = 0, second = 0] = renders;
    expect(renders.length).toBeGreaterThan(1);
    expect(second - first).toBeLessThanOrEqual(400 + 100 + 2 * FRAME_MS);
  });

  it("shows the last state after it has rested, and then waits for the next one", () => {
    const shown: number[] = [];
    store.addView((state) => shown.push(state.now));
    addView(20);
    store.dispatch({ type: "tick", now: 1 });
    nextFrame();
    store.dispatch({ type: "tick", now: 2 });
    store.dispatch({ type: "tick", now: 3 });
    for (let count = 0; count < 20; count += 1) nextFrame();
    expect(shown).toEqual([0, 1, 3]);
    expect(frame).toBeUndefined();
    store.dispatch({ type: "tick", now: 4 });
    nextFrame();
    expect(shown).toEqual([0, 1, 3, 4]);
  });
});
