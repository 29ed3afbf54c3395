import type { InboundMessage } from "ably";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type DemoEvent,
  type State,
  entriesOf,
  initialState,
  reduce,
} from "../../src/demo/state/state.ts";
import { nameOf } from "../../src/demo/state/people.ts";
import { clockAt } from "../../src/demo/state/clock.ts";
import { dividersOf } from "../../src/demo/state/dividers.ts";
import { MAX_LINES, describeNotice } from "../../src/demo/state/timeline.ts";
import type { Chat } from "../../src/app.ts";
import {
  type Member,
  type RoomMessage,
  type Unsent,
  messageKey,
} from "../../src/realtime/index.ts";

const me = { clientId: "me-1", name: "Me" };
const now = 5_000;
const DAY_MS = 86_400_000;

// Elsewhere, a day that Ably counts from zero has a midnight in it.
beforeEach(() => vi.stubEnv("TZ", "UTC"));
afterEach(() => vi.unstubAllEnvs());

type Event = DemoEvent extends infer E ? (E extends unknown ? Omit<E, "now"> : never) : never;

function after(...events: Event[]): State {
  return events.reduce(
    (state, event) => reduce(state, { ...event, now } as DemoEvent),
    initialState(me, false, 0),
  );
}

function message(over: Partial<RoomMessage<Chat>> = {}): RoomMessage<Chat> {
  const { id = "1", clientId = "you-1" } = over;
  const content = { name: "chat-message", data: { text: `text ${id}` } } as const;
  const raw = { id, clientId, name: content.name, data: content.data } as InboundMessage;
  const key = messageKey(clientId, id);
  const fixed = { timestamp: 1_000, isHistory: false, headers: {} };
  return { id, key, clientId, ...fixed, content, raw, ...over };
}

const arrived = (...messages: Partial<RoomMessage<Chat>>[]): Event => ({
  type: "messages",
  messages: messages.map(message),
});

type Delivery = Unsent<Chat>["delivery"];

function unsent(id: string, delivery: Delivery = "publishing"): Unsent<Chat> {
  const data = { text: `text ${id}` };
  return { id, name: "chat-message", data, delivery, waitsFor: undefined, isStored: true };
}

const outbox = (...list: Unsent<Chat>[]): Event => ({ type: "unsent", unsent: list });

function member(clientId: string, connectionId = clientId, name = clientId): Member<Chat> {
  return { clientId, connectionId, profile: { name }, timestamp: 0, seenAt: 0 };
}

const members = (...list: Member<Chat>[]): Event => ({ type: "members", members: list });

/** What the list shows: the IDs of messages, with an asterisk on those that Ably has not confirmed. */
const idsOf = (...events: Event[]) =>
  entriesOf(after(...events)).map((entry) => {
    if (entry.kind === "notice") return entry.key;
    return entry.raw === undefined ? `${entry.id}*` : entry.id;
  });

describe("my messages", () => {
  const echo = (id: string) => arrived({ id, clientId: "me-1" });

  it("count as sent when they have left the page for the first time", () => {
    const waits: Event[] = [outbox(unsent("a", "failed"), unsent("b", "waiting"))];
    expect(after(...waits).sent).toBe(0);
    const tries = [unsent("b"), unsent("b", "waiting"), unsent("b"), unsent("b", "acknowledged")];
    expect(after(...waits, ...tries.map((each) => outbox(each))).sent).toBe(1);
  });

  it("are shown while they are being sent", () => {
    expect(idsOf(outbox(unsent("a")))).toEqual(["a*"]);
  });

  it("that have not changed stay the same objects, so that they are not rendered again", () => {
    const before = after(outbox(unsent("a", "publishing"), unsent("b", "waiting")));
    const next = outbox(unsent("a", "acknowledged"), unsent("b", "waiting"));
    const [first, second] = reduce(before, { ...next, now } as DemoEvent).pending;
    expect(first).toMatchObject({ id: "a", delivery: "acknowledged" });
    expect(second).toBe(before.pending[1]);
  });

  it("keep their order below what Ably has confirmed, whatever arrives first", () => {
    const all = outbox(unsent("a"), unsent("b"), unsent("c"));
    const acknowledged = outbox(unsent("a", "acknowledged"), unsent("b"), unsent("c"));
    expect(idsOf(all, arrived({ id: "x" }))).toEqual(["x", "a*", "b*", "c*"]);
    expect(idsOf(all, echo("a"), arrived({ id: "x" }))).toEqual(["a", "x", "b*", "c*"]);
    expect(idsOf(all, acknowledged)).toEqual(["a*", "b*", "c*"]);
    expect(idsOf(all, acknowledged, echo("a"), outbox(unsent("b"), unsent("c")))).toEqual([
      "a",
      "b*",
      "c*",
    ]);
  });

  it("have one key from first to last, so that each is added to the log once", () => {
    const keysOf = (...events: Event[]) => entriesOf(after(...events)).map(({ key }) => key);
    expect(keysOf(outbox(unsent("a")))).toEqual(keysOf(outbox(unsent("a")), echo("a")));
  });

  it("show no time until Ably has given them one", () => {
    expect(after(outbox(unsent("a"))).pending[0]?.timestamp).toBeUndefined();
  });

  it("that Ably refused stay, with the reason, until they are deleted", () => {
    const error = { code: 40009, statusCode: 413, message: "too large" };
    const refused = outbox({ ...unsent("a", "failed"), error });
    expect(after(refused).pending).toMatchObject([{ id: "a", delivery: "failed", error }]);
    expect(idsOf(refused, outbox())).toEqual([]);
  });

  it("that were delivered back before Ably acknowledged them are not shown twice", () => {
    const sending = outbox(unsent("a"));
    expect(idsOf(sending, echo("a"), sending, outbox())).toEqual(["a"]);
  });

  it("are not replaced by somebody else's with the same ID", () => {
    const theirs = arrived({ id: "a", clientId: "eve-1" });
    expect(idsOf(outbox(unsent("a")), theirs)).toEqual(["a", "a*"]);
  });

  it("that were acknowledged before a gap stand above its notice", () => {
    const gap: Event = { type: "room", status: { state: "attached", isContinuous: false } };
    const acknowledged = outbox(unsent("a", "acknowledged"), unsent("b"));
    expect(idsOf(acknowledged, gap, outbox(unsent("b")))).toEqual(["a*", `gap ${now}`, "b*"]);
  });

  it("move to their place in Ably's order if they come back after the gap", () => {
    const gap: Event = { type: "room", status: { state: "attached", isContinuous: false } };
    const events = [outbox(unsent("a", "acknowledged")), gap, outbox(), arrived({ id: "x" })];
    expect(idsOf(...events)).toEqual(["a*", `gap ${now}`, "x"]);
    expect(idsOf(...events, echo("a"))).toEqual([`gap ${now}`, "x", "a"]);
  });

  it("bring the end of the list into view", () => {
    const up: Event = { type: "scrolled", isAtEnd: false };
    const state = after(up, arrived({ id: "x" }), outbox(unsent("a")));
    expect(state).toMatchObject({ isFollowing: true, unseen: { count: 0 } });
    expect(after(up, outbox(unsent("a", "failed"))).isFollowing).toBe(false);
  });
});

it("shows no line for a message of a type without text, mine or somebody else's", () => {
  const content = { name: "move", data: { x: 1 } } as unknown as RoomMessage<Chat>["content"];
  const move = { ...unsent("a"), ...content } as Unsent<Chat>;
  expect(idsOf(arrived({ content }), outbox(move))).toEqual([]);
});

describe("messages of others", () => {
  it("are shown once, where they arrived first", () => {
    expect(idsOf(arrived({ id: "a" }, { id: "b" }), arrived({ id: "a" }))).toEqual(["a", "b"]);
  });

  it("of no known type read as their raw data", () => {
    const raw = { id: "1", name: "other", data: { a: [1] } } as unknown as InboundMessage;
    const [line] = entriesOf(after(arrived({ raw, content: undefined })));
    expect(line).toMatchObject({ text: 'other: {"a":[1]}', isUnknown: true });
  });

  it("are limited, and the list says that it is cut", () => {
    const ids = Array.from({ length: MAX_LINES + 3 }, (_, index) => ({ id: `${index}` }));
    const oneByOne = after(...ids.map((over) => arrived(over)));
    expect(oneByOne.timeline.entries).toHaveLength(MAX_LINES);
    expect(oneByOne.timeline.entries[0]).toMatchObject({ id: "3" });
    expect(oneByOne.timeline.isCut).toBe(true);
    expect(after(...ids.slice(3).map((over) => arrived(over))).timeline.isCut).toBe(false);
  });

  it("that arrive by the thousand leave the last ones, and the list says that it is cut", () => {
    const ids = Array.from({ length: 30_000 }, (_, index) => ({ id: `${index}` }));
    const { entries, isCut } = after(arrived(...ids)).timeline;
    expect(entries).toHaveLength(MAX_LINES);
    expect(entries.at(-1)).toMatchObject({ id: "29999" });
    expect(isCut).toBe(true);
  });

  it("are not pushed out by messages of a type that is no line", () => {
    const content = { name: "vote", data: {} } as unknown as RoomMessage<Chat>["content"];
    const votes = Array.from({ length: MAX_LINES }, (_, index) => ({ id: `v${index}`, content }));
    expect(idsOf(arrived({ id: "a" }, ...votes))).toEqual(["a"]);
  });
});

describe("who joins and leaves", () => {
  const notices = (...events: Event[]) => {
    const state = after(...events);
    return entriesOf(state).flatMap((entry) =>
      entry.kind === "notice" ? [describeNotice(entry, (clientId) => nameOf(state, clientId))] : [],
    );
  };

  it("is shown, with the name apart from the words", () => {
    const both = members(member("me-1"), member("you-1"));
    expect(notices(members(member("me-1")), both)).toEqual([[{ name: "you-1" }, " joined"]]);
    expect(notices(both, members(member("me-1")))).toEqual([[{ name: "you-1" }, " left"]]);
  });

  const everyone = (count: number) =>
    Array.from({ length: count }, (_, index) => member(`guest-${index}`));

  it("is gathered in one notice until somebody writes", () => {
    const [one, three] = [members(member("me-1")), members(member("me-1"), ...everyone(3))];
    expect(notices(one, three)).toEqual([
      [{ name: "guest-0" }, ", ", { name: "guest-1" }, ", and ", { name: "guest-2" }, " joined"],
    ]);
    const many = members(member("me-1"), ...everyone(30));
    const [notice] = notices(one, three, many);
    expect(notice?.slice(-3)).toEqual([", and ", "27 others", " joined"]);
    const swapped = members(member("me-1"), member("you-1"));
    expect(notices(three, swapped)[0]?.slice(0, 4)).toEqual([
      { name: "you-1" },
      " joined",
      ", ",
      { name: "guest-0" },
    ]);
    expect(idsOf(one, three, arrived({ id: "x" }), many)).toEqual([
      "presence guest-0",
      "x",
      "presence guest-3",
    ]);
  });

  it("is in one notice only, also if they come again after a message", () => {
    const [one, both] = [members(member("me-1")), members(member("me-1"), ...everyone(2))];
    const events = [one, both, arrived({ id: "x" }), members(member("me-1"), member("guest-1"))];
    expect(idsOf(...events)).toEqual(["presence guest-1", "x", "presence guest-0"]);
  });

  it("is shown with the name that the person has now", () => {
    const come = members(member("me-1"), member("you-1", "a", "Bold Raven"));
    const renamed = members(member("me-1"), member("you-1", "a", "Grace"));
    expect(notices(members(member("me-1")), come, renamed)).toEqual([
      [{ name: "Grace" }, " joined"],
    ]);
  });

  it("takes one entry for each person, so that nobody fills the list with theirs", () => {
    const one = members(member("me-1"));
    const both = members(member("me-1"), member("you-1"));
    const flicker = Array.from({ length: MAX_LINES }, () => [both, one]).flat();
    expect(idsOf(one, arrived({ id: "kept" }), ...flicker)).toEqual(["kept", "presence you-1"]);
  });

  it("does not replace a message, whatever its sender and ID are", () => {
    const strange = arrived({ clientId: "presence", id: "you-1" });
    const [one, both] = [members(member("me-1")), members(member("me-1"), member("you-1"))];
    expect(idsOf(one, strange, both)).toEqual(["you-1", "presence you-1"]);
    expect(idsOf(one, both, strange)).toEqual(["presence you-1", "you-1"]);
  });

  it("pushes no message out, however many people it is", () => {
    const visits = Array.from({ length: 300 }, (_, index) =>
      members(member("me-1"), member(`guest-${index}`)),
    );
    const entries = entriesOf(after(members(member("me-1")), arrived({ id: "kept" }), ...visits));
    expect(entries[0]).toMatchObject({ id: "kept" });
    expect(entries.length).toBeLessThanOrEqual(1 + 100);
  });

  it("is not shown when it is I who come, go or return", () => {
    const all = members(member("you-1"), member("me-1"));
    expect(notices(members(member("you-1")), all)).toEqual([]);
    expect(notices(all, members())).toEqual([]);
    expect(notices(all, members(), all)).toEqual([]);
  });

  it("does not count a second tab", () => {
    const one = members(member("me-1"), member("you-1", "a"));
    const two = members(member("me-1"), member("you-1", "a"), member("you-1", "b"));
    expect(notices(one, two, one)).toEqual([]);
  });
});

describe("the view", () => {
  const up: Event = { type: "scrolled", isAtEnd: false };
  const down: Event = { type: "scrolled", isAtEnd: true };

  it("counts what arrives while its end is out of view, but not what I sent", () => {
    const mine = arrived({ id: "3", clientId: "me-1" });
    const state = after(up, arrived({ id: "1" }), arrived({ id: "2" }), mine);
    expect(state.unseen).toEqual({ count: 2, firstKey: messageKey("you-1", "1") });
    expect(state.isFollowing).toBe(false);
  });

  const away: Event = { type: "hidden", isHidden: true };
  const back: Event = { type: "hidden", isHidden: false };

  it("counts what arrives while the tab is in the background, but no history", () => {
    const events = [away, arrived({ id: "0", isHistory: true }), arrived({ id: "1" }), arrived({})];
    expect(after(...events).unseen).toMatchObject({ count: 2 });
    expect(after(...events, down).unseen).toMatchObject({ count: 2 });
    expect(after(...events, back).unseen).toMatchObject({ count: 0 });
    expect(after(up, ...events, back).unseen).toMatchObject({ count: 2 });
  });

  it("marks where reading stopped until the person leaves again or answers", () => {
    const events = [arrived({ id: "1" }), away, arrived({ id: "2" }, { id: "3" }), back];
    expect(after(...events).unseen.firstKey).toBe(messageKey("you-1", "2"));
    expect(after(...events, arrived({ id: "4" })).unseen.firstKey).toBe(messageKey("you-1", "2"));
    expect(after(...events, away, arrived({ id: "4" })).unseen.firstKey).toBe(
      messageKey("you-1", "4"),
    );
    expect(after(...events, away).unseen.firstKey).toBeUndefined();
    expect(after(...events, outbox(unsent("a"))).unseen.firstKey).toBeUndefined();
  });

  it("is busy until the history is here", () => {
    const attached: Event = { type: "room", status: { state: "attached", isContinuous: true } };
    const error = { code: 91003, statusCode: 400, message: "full" };
    const isFull: Event = {
      type: "room",
      status: { state: "attached", isContinuous: true, error },
    };
    expect(after(attached, arrived({ isHistory: true })).hasHistory).toBe(false);
    expect(after(attached, members(member("you-1"))).hasHistory).toBe(false);
    expect(after(attached, members(member("me-1")), members()).hasHistory).toBe(true);
    expect(after(attached, isFull).hasHistory).toBe(true);
    const isAway: Event = {
      type: "room",
      status: { state: "suspended", isContinuous: true, error },
    };
    expect(after(isAway).hasHistory).toBe(false);
  });

  it("has seen everything when it is back at the end", () => {
    expect(after(up, arrived({}), down)).toMatchObject({ isFollowing: true, unseen: { count: 0 } });
  });

  const dividers = (events: Event[], firstUnseen?: string) =>
    dividersOf(entriesOf(after(...events)), firstUnseen, clockAt(now), now);

  it("divides history from what is new, and days from each other", () => {
    const events = [
      arrived({ id: "1", isHistory: true }),
      arrived({ id: "2", timestamp: 2_000 }),
      arrived({ id: "3", timestamp: 2_000 + DAY_MS }),
    ];
    const nextDay = clockAt(now).day(2_000 + DAY_MS);
    expect(dividers(events)).toEqual(["", "You joined", nextDay]);
    expect(dividers(events, messageKey("you-1", "2"))[1]).toBe("New");
  });

  it("shows the day above a message that is not from today", () => {
    const long = arrived({ id: "1", timestamp: now - 3 * DAY_MS });
    expect(dividers([long])).toEqual([clockAt(now).day(now - 3 * DAY_MS)]);
  });

  it("takes days from Ably's clock alone, so that a wrong clock here changes nothing", () => {
    const events = [
      members(member("me-1")),
      arrived({ id: "1", timestamp: DAY_MS - 1_000 }),
      members(member("me-1"), member("you-1")),
      arrived({ id: "2", timestamp: DAY_MS - 500 }),
      outbox(unsent("a")),
    ];
    expect(dividers(events)).toEqual(["", "", "", ""]);
  });
});

it("takes names from presence, also of those who have left, and else shows the client ID", () => {
  const come = members(member("you-1", "a", "You"));
  expect(nameOf(after(come), "you-1")).toBe("You");
  expect(nameOf(after(come, members()), "you-1")).toBe("You");
  expect(nameOf(after(come), "gone-1")).toBe("gone-1");
  expect(nameOf(after(come), "__proto__")).toBe("__proto__");
  expect(nameOf(after(come), "me-1")).toBe("Me");
  expect(nameOf(after({ type: "renamed", name: "I" }), "me-1")).toBe("I");
});

it("gives an author who is not present a colour of their own", () => {
  const state = after(members(member("me-1")), arrived({ clientId: "gone-1" }));
  expect(state.appearances.get("gone-1")?.hue).not.toBe(state.appearances.get("me-1")?.hue);
});

describe("the connection", () => {
  const step = (state: "connecting" | "connected"): Event => ({
    type: "step",
    step: { type: "state", state, isRenewal: false },
  });

  it("is as the connection reports it", () => {
    const status = { state: "connected" } as const;
    expect(after({ type: "connection", status }).connection).toEqual(status);
  });

  it("is traced apart from the round trips, which would fill the trace", () => {
    const pings = Array.from({ length: 500 }, (_, ms): Event => ({ type: "round-trip", ms }));
    const { trace, roundTripMs } = after(step("connecting"), ...pings);
    expect(trace).toHaveLength(1);
    expect(roundTripMs).toBe(499);
  });

  it("is traced, newest last, with a bound", () => {
    expect(after(step("connecting"), step("connected")).trace).toMatchObject([
      { number: 1, timestamp: now, event: { step: { state: "connecting" } } },
      { number: 2, timestamp: now, event: { step: { state: "connected" } } },
    ]);
    const { trace } = after(...Array.from({ length: 500 }, () => step("connecting")));
    expect(trace).toHaveLength(200);
    expect(trace.at(-1)?.number).toBe(500);
  });

  it("marks where messages may be missing, between those before and those after", () => {
    const gap: Event = { type: "room", status: { state: "attached", isContinuous: false } };
    const well: Event = { type: "room", status: { state: "attached", isContinuous: true } };
    expect(idsOf(arrived({ id: "1" }), well, arrived({ id: "2" }))).toEqual(["1", "2"]);
    expect(idsOf(arrived({ id: "1" }), gap, arrived({ id: "2" }), well)).toEqual([
      "1",
      `gap ${now}`,
      "2",
    ]);
  });
});
