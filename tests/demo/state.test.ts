import { describe, expect, it } from "vitest";
import {
  type DemoEvent,
  MAX_LINES,
  type State,
  initialState,
  nameOf,
  people,
  reduce,
} from "../../src/demo/state.ts";
import type { RoomMessage } from "../../src/realtime/room.ts";

const me = { clientId: "me-1", name: "Me" };

function after(...events: DemoEvent[]): State {
  return events.reduce(reduce, initialState(me, "lobby"));
}

function arrived(over: Partial<RoomMessage> = {}): DemoEvent {
  const data = { text: "hi" };
  return {
    type: "message",
    message: {
      id: "1",
      clientId: "you-1",
      timestamp: 1_000,
      isHistory: false,
      name: "chat-message",
      data,
      content: { name: "chat-message", data },
      ...over,
    },
  };
}

const sending: DemoEvent = { type: "sending", id: "m", text: "mine", timestamp: 5 };

describe("a line", () => {
  it("of mine is shown while it is being sent, and says so", () => {
    expect(after(sending).lines).toMatchObject([
      { id: "m", text: "mine", isMine: true, delivery: "sending" },
    ]);
  });

  it("is delivered when Ably has answered", () => {
    expect(after(sending, { type: "delivered", id: "m" }).lines[0]?.delivery).toBe("delivered");
  });

  it("is failed if Ably refused it, and stays", () => {
    expect(after(sending, { type: "failed", id: "m" }).lines).toMatchObject([
      { id: "m", text: "mine", delivery: "failed" },
    ]);
  });

  it("gives its place to its own echo", () => {
    const echo = arrived({ id: "m", clientId: "me-1", timestamp: 9 });
    const { lines } = after(sending, arrived(), echo);
    expect(lines.map(({ id }) => id)).toEqual(["1", "m"]);
    expect(lines[1]).toMatchObject({ isMine: true, timestamp: 9, delivery: "delivered" });
  });

  it("stays delivered if the answer is lost after the echo", () => {
    const echo = arrived({ id: "m", clientId: "me-1" });
    expect(after(sending, echo, { type: "failed", id: "m" }).lines[0]?.delivery).toBe("delivered");
  });

  it("shows raw data where the message fits no known type", () => {
    const raw = arrived({ name: "other", data: { a: [1] }, content: undefined });
    expect(after(raw).lines).toMatchObject([{ text: 'other: {"a":[1]}', isRaw: true }]);
  });

  it("survives data that JSON cannot hold", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    for (const data of [loop, undefined, 10n]) {
      expect(() => after(arrived({ data, content: undefined }))).not.toThrow();
    }
  });
});

it("keeps a bounded number of lines, and counts those it let go", () => {
  const events = Array.from({ length: MAX_LINES + 3 }, (_, index) => arrived({ id: `${index}` }));
  const state = after(...events);
  expect(state.lines).toHaveLength(MAX_LINES);
  expect(state.lines[0]?.id).toBe("3");
  expect(state.forgotten).toBe(3);
});

describe("people", () => {
  const members = [
    { clientId: "you-1", connectionId: "a", name: "You" },
    { clientId: "me-1", connectionId: "b", name: "Me" },
    { clientId: "you-1", connectionId: "c", name: "You" },
  ];
  const state = after({ type: "members", members });

  it("are one entry each, with the number of their tabs, and I come first", () => {
    expect(people(state)).toEqual([
      { clientId: "me-1", name: "Me", tabs: 1, isMe: true },
      { clientId: "you-1", name: "You", tabs: 2, isMe: false },
    ]);
  });

  it("have the name that presence tells, and else their clientId", () => {
    expect(nameOf(state, "you-1")).toBe("You");
    expect(nameOf(state, "gone-1")).toBe("gone-1");
    expect(nameOf(state, "me-1")).toBe("Me");
  });
});

it("keeps what was wrong while a new attempt is made, and drops it once connected", () => {
  const fault = { code: 40106, statusCode: 500, message: "no key" };
  const attempts: DemoEvent[] = [
    { type: "connection", status: { state: "disconnected", fault, isTokenFault: true } },
    { type: "connection", status: { state: "connecting", isTokenFault: false } },
  ];
  expect(after(...attempts).connection).toEqual({ state: "connecting", fault, isTokenFault: true });
  const connected = { state: "connected", isTokenFault: false } as const;
  expect(after(...attempts, { type: "connection", status: connected }).connection).toEqual(
    connected,
  );
});

it("remembers a gap after the channel is well again", () => {
  const lost: DemoEvent = { type: "channel", status: { state: "attached", isContinuous: false } };
  const well: DemoEvent = { type: "channel", status: { state: "attached", isContinuous: true } };
  expect(after(well).hasGap).toBe(false);
  expect(after(lost, well).hasGap).toBe(true);
});
