import type { InboundMessage } from "ably";
import { describe, expect, it } from "vitest";
import { type DemoEvent, type State, initialState, nameOf, reduce } from "../../src/demo/state.ts";
import { type Line, MAX_ENTRIES, dividerBetween } from "../../src/demo/timeline.ts";
import type { Member, RoomMessage } from "../../src/realtime/room.ts";

const me = { clientId: "me-1", name: "Me" };
const now = 5_000;

type Event = DemoEvent extends infer E ? (E extends unknown ? Omit<E, "now"> : never) : never;

function after(...events: Event[]): State {
  return events.reduce(
    (state, event) => reduce(state, { ...event, now } as DemoEvent),
    initialState(me, "lobby", 0),
  );
}

function arrived(over: Partial<RoomMessage> = {}): Event {
  const raw = { id: over.id ?? "1", name: "chat-message", data: { text: "hi" } } as InboundMessage;
  return {
    type: "message",
    message: {
      id: "1",
      clientId: "you-1",
      timestamp: 1_000,
      isHistory: false,
      content: { name: "chat-message", data: { text: "hi" } },
      raw,
      ...over,
    },
  };
}

function member(clientId: string, connectionId = clientId, name = clientId): Member {
  return { clientId, connectionId, name, isTyping: false, timestamp: 0 };
}

const sending: Event = { type: "sending", id: "m", text: "mine" };
const fault = { code: 40009, statusCode: 413, message: "too large" };
const entriesOf = (...events: Event[]) => after(...events).timeline.entries;

describe("a line", () => {
  it("of mine is shown while it is being sent, and says so", () => {
    expect(entriesOf(sending)).toMatchObject([
      { id: "m", text: "mine", isMine: true, delivery: "sending", timestamp: now },
    ]);
  });

  it("is delivered when Ably has answered", () => {
    expect(entriesOf(sending, { type: "delivered", id: "m" })[0]).toMatchObject({
      delivery: "delivered",
    });
  });

  it("that Ably refused stays, with the reason, and can be sent again", () => {
    const failed: Event = { type: "failed", id: "m", fault };
    expect(entriesOf(sending, failed)).toMatchObject([{ id: "m", delivery: "failed", fault }]);
    expect(entriesOf(sending, failed, sending)).toMatchObject([{ id: "m", delivery: "sending" }]);
  });

  it("gives its place to its own echo", () => {
    const echo = arrived({ id: "m", clientId: "me-1", timestamp: 9 });
    expect(entriesOf(sending, arrived(), echo)).toMatchObject([
      { id: "1" },
      { id: "m", isMine: true, timestamp: 9, delivery: "delivered" },
    ]);
  });

  it("stays delivered if the answer is lost after the echo", () => {
    const echo = arrived({ id: "m", clientId: "me-1" });
    const lost: Event = { type: "failed", id: "m", fault };
    expect(entriesOf(sending, echo, lost)[0]).toMatchObject({ delivery: "delivered" });
  });

  it("shows raw data where the message fits no known type", () => {
    const raw = { id: "1", name: "other", data: { a: [1] } } as unknown as InboundMessage;
    expect(entriesOf(arrived({ raw, content: undefined }))).toMatchObject([
      { text: 'other: {"a":[1]}', isRaw: true },
    ]);
  });

  it("survives data that JSON cannot hold", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    for (const data of [loop, undefined, 10n]) {
      const raw = { name: "n", data } as unknown as InboundMessage;
      expect(() => after(arrived({ raw, content: undefined }))).not.toThrow();
    }
  });
});

it("keeps a bounded list, and counts what it let go", () => {
  const events = Array.from({ length: MAX_ENTRIES + 3 }, (_, index) => arrived({ id: `${index}` }));
  const { entries, forgotten } = after(...events).timeline;
  expect(entries).toHaveLength(MAX_ENTRIES);
  expect(entries[0]?.id).toBe("3");
  expect(forgotten).toBe(3);
});

describe("comings and goings", () => {
  const members = (...list: Member[]): Event => ({ type: "members", members: list });
  const texts = (...events: Event[]) =>
    entriesOf(...events).map((entry) => (entry.kind === "notice" ? entry.text : ""));

  it("are told when somebody else comes or goes", () => {
    const both = members(member("me-1"), member("you-1"));
    expect(texts(members(member("me-1")), both)).toEqual(["you-1 joined"]);
    expect(texts(both, members(member("me-1")))).toEqual(["you-1 left"]);
  });

  it("take one entry for each person, so that nobody fills the list with theirs", () => {
    const one = members(member("me-1"));
    const both = members(member("me-1"), member("you-1"));
    const flicker = Array.from({ length: MAX_ENTRIES }, () => [both, one]).flat();
    const entries = entriesOf(one, arrived({ id: "kept" }), ...flicker);
    expect(entries.map(({ id }) => id)).toEqual(["kept", "presence:you-1"]);
  });

  it("are not told when I come, go or return", () => {
    const all = members(member("you-1"), member("me-1"));
    expect(texts(members(member("you-1")), all)).toEqual([]);
    expect(texts(all, members())).toEqual([]);
    expect(texts(all, members(), all)).toEqual([]);
  });

  it("are not told of a second tab", () => {
    const one = members(member("me-1"), member("you-1", "a"));
    const two = members(member("me-1"), member("you-1", "a"), member("you-1", "b"));
    expect(texts(one, two, one)).toEqual([]);
  });
});

describe("the view", () => {
  const up: Event = { type: "scrolled", isAtEnd: false };
  const down: Event = { type: "scrolled", isAtEnd: true };

  it("counts what comes while its end is out of sight, but not what I send", () => {
    const mine = arrived({ id: "3", clientId: "me-1" });
    const state = after(up, arrived({ id: "1" }), arrived({ id: "2" }), mine);
    expect(state.unseen).toEqual({ count: 2, firstId: "1" });
    expect(state.isFollowing).toBe(false);
  });

  it("has seen all when it is back at the end", () => {
    expect(after(up, arrived(), down)).toMatchObject({ isFollowing: true, unseen: { count: 0 } });
  });

  it("divides history from what is new, and days from each other", () => {
    const [old, first, next] = entriesOf(
      arrived({ id: "1", isHistory: true }),
      arrived({ id: "2", timestamp: 2_000 }),
      arrived({ id: "3", timestamp: 2_000 + 86_400_000 }),
    ) as [Line, Line, Line];
    expect(dividerBetween(undefined, old, undefined)).toBeUndefined();
    expect(dividerBetween(old, first, undefined)).toBe("You came here");
    expect(dividerBetween(first, next, undefined)).toBe(new Date(next.timestamp).toDateString());
    expect(dividerBetween(old, first, "2")).toBe("New");
  });
});

it("takes names from presence, also of those who have left, and else shows the clientId", () => {
  const come: Event = { type: "members", members: [member("you-1", "a", "You")] };
  const state = after(come);
  expect(nameOf(state, "you-1")).toBe("You");
  expect(nameOf(after(come, { type: "members", members: [] }), "you-1")).toBe("You");
  expect(nameOf(state, "gone-1")).toBe("gone-1");
  expect(nameOf(state, "__proto__")).toBe("__proto__");
  expect(nameOf(state, "me-1")).toBe("Me");
  expect(nameOf(after({ type: "renamed", name: "I" }), "me-1")).toBe("I");
});

describe("the connection", () => {
  const noKey = { code: 40106, statusCode: 500, message: "no key" };
  const refused: Event = {
    type: "connection",
    status: { state: "disconnected", fault: noKey, isTokenFault: true, isRenewal: false },
  };
  const again: Event = {
    type: "connection",
    status: { state: "connecting", isTokenFault: false, isRenewal: false },
  };
  const connected = { state: "connected", isTokenFault: false, isRenewal: false } as const;

  it("keeps what was wrong while a new attempt is made, and drops it once connected", () => {
    expect(after(refused, again).connection).toMatchObject({
      state: "connecting",
      fault: noKey,
      isTokenFault: true,
    });
    expect(after(refused, again, { type: "connection", status: connected }).connection).toEqual(
      connected,
    );
  });

  it("stays as it is while the token is renewed, and is logged all the same", () => {
    const open = { state: "connected", isTokenFault: false, isRenewal: false } as const;
    const ended = { ...open, state: "disconnected", isRenewal: true } as const;
    const state = after(
      { type: "connection", status: open },
      { type: "connection", status: ended },
      { type: "connection", status: { ...ended, state: "connecting" } },
    );
    expect(state.connection).toEqual(open);
    expect(state.path.socket).toBe("open");
    expect(state.log.map(({ text }) => text)).toEqual([
      "connection connected",
      "connection disconnected",
      "connection connecting",
    ]);
  });

  it("is logged with its reasons, newest last, in a bounded log", () => {
    const { log } = after(refused, again);
    expect(log).toEqual([
      { timestamp: now, text: "connection disconnected: no key (40106)" },
      { timestamp: now, text: "connection connecting" },
    ]);
    expect(after(...Array.from({ length: 500 }, () => again)).log).toHaveLength(200);
  });

  it("says where messages may be missing, between those before and those after", () => {
    const lost: Event = { type: "channel", status: { state: "attached", isContinuous: false } };
    const well: Event = { type: "channel", status: { state: "attached", isContinuous: true } };
    expect(entriesOf(arrived(), well, arrived({ id: "2" }))).toHaveLength(2);
    expect(entriesOf(arrived(), lost, arrived({ id: "2" }), well)).toMatchObject([
      { id: "1" },
      { kind: "notice", text: expect.stringContaining("some messages may be missing here") },
      { id: "2" },
    ]);
  });
});
