/** What people who are not in the room are called: their messages say so, and may lie. */
import { expect, it } from "vitest";
import type { Chat } from "../../src/app.ts";
import type { DemoEvent } from "../../src/demo/state/events.ts";
import { nameOf } from "../../src/demo/state/people.ts";
import { initialState, reduce } from "../../src/demo/state/state.ts";
import { type Member, type RoomMessage, messageKey } from "../../src/realtime/index.ts";

/** Thousands of events take a busy machine more than the usual time. */
const SLOW = { timeout: 120_000 };

let count = 0;

function message(clientId: string, name?: string): RoomMessage<Chat> {
  const id = String(count++);
  const headers: Record<string, string> = name === undefined ? {} : { name };
  const key = messageKey(clientId, id);
  const raw = { id, clientId } as RoomMessage<Chat>["raw"];
  const content = { name: "chat-message", data: { text: "hi" } } as const;
  return { id, key, clientId, headers, timestamp: 1, isHistory: true, content, raw };
}

const writes = (...messages: RoomMessage<Chat>[]): DemoEvent => {
  return { type: "messages", messages, now: 2 };
};

const isHere = (...names: Record<string, string>[]): DemoEvent => {
  const people = names.flatMap((each) => Object.entries(each));
  const members: Member<Chat>[] = people.map(([clientId, name]) => {
    return { clientId, connectionId: clientId, profile: { name }, timestamp: 1, seenAt: 1 };
  });
  return { type: "members", members, now: 2 };
};

/** How each of these client IDs is called after the events. I am "me-1", called "Me". */
function called(clientIds: string[], ...events: DemoEvent[]): string[] {
  const state = events.reduce(reduce, initialState({ clientId: "me-1", name: "Me" }, false, 1));
  return clientIds.map((clientId) => nameOf(state, clientId));
}

it("uses the name in the last message of somebody who has left", () => {
  expect(called(["a"], writes(message("a", "Ada")))).toEqual(["Ada"]);
  expect(called(["a"], writes(message("a", "Ada")), writes(message("a", "Ada L.")))).toEqual([
    "Ada L.",
  ]);
  expect(called(["a"], writes(message("a")))).toEqual(["a"]);
});

it("believes the list of members over any message, also after they have left", () => {
  const events = [isHere({ a: "Ada" }), isHere(), writes(message("a", "Eve"))];
  expect(called(["a"], ...events)).toEqual(["Ada"]);
  expect(called(["a"], writes(message("a", "Eve")), isHere({ a: "Ada" }))).toEqual(["Ada"]);
});

it.each([
  "Ada",
  " ada ",
  "ＡＤＡ",
  "A d\u200da",
  "Ád\u0301a.",
  "Me",
  "a",
  "Ada\u2800",
  "Ada\u3164",
  "server",
  "Server:1",
  "ser\ufe0fver",
  "(nobody)",
  "\u200b",
])("does not let somebody look like another person or a server by the name %j", (name) => {
  const lie = writes(message("eve", name));
  expect(called(["eve"], isHere({ a: "Ada" }), lie)).toEqual(["eve"]);
  expect(called(["eve"], lie, isHere({ a: "Ada" }))).toEqual(["eve"]);
});

it("takes a name away when somebody with it comes, or I take it", () => {
  const lie = writes(message("eve", "Bob"));
  expect(called(["eve", "b"], lie, isHere({ b: "Bob" }))).toEqual(["eve", "Bob"]);
  expect(called(["eve"], lie, { type: "renamed", name: "Bob", now: 3 })).toEqual(["eve"]);
});

it("gives a name to the first of those who claim it, and no name to those without a client ID", () => {
  const both = writes(message("a", "Ada"), message("eve", "ada"));
  expect(called(["a", "eve"], both)).toEqual(["Ada", "eve"]);
  expect(called(["(nobody)"], writes(message("(nobody)", "Ada")))).toEqual(["(nobody)"]);
});

it("keeps the last name of somebody who has changed it, and changed it back, in one batch", () => {
  const first = writes(message("a", "Ada"));
  const batch = writes(message("a", "Bob"), message("a", "Ada"));
  expect(called(["a"], first, batch)).toEqual(["Ada"]);
});

it("gives people a name that looks like their own client ID, and nobody else", () => {
  const both = writes(message("eve", "ADA"), message("ada", "Ada"));
  expect(called(["eve", "ada"], both)).toEqual(["eve", "Ada"]);
});

it("cleans and shortens a name", () => {
  const long = writes(message("eve", `a\u202eb${"x".repeat(60_000)}`));
  const [name = ""] = called(["eve"], long);
  expect(name).toMatch(/^a bx+$/);
  expect(name).toHaveLength(40);
});

it("forgets the names of those of whom nothing is shown, and keeps no lie", SLOW, () => {
  const crowd = Array.from({ length: 1_100 }, (_, index) => message(`c${index}`, `Crowd ${index}`));
  const events = crowd.map((each) => writes(each));
  const state = events.reduce(reduce, initialState({ clientId: "me-1", name: "Me" }, false, 1));
  expect(state.claims.size).toBeLessThanOrEqual(1_001);
  expect(called(["c0", "c1099"], ...events)).toEqual(["c0", "Crowd 1099"]);
  expect(called(["c1099"], ...events, isHere({ b: "Crowd 1099" }))).toEqual(["c1099"]);
});

it.each([
  ["at once", (messages: RoomMessage<Chat>[]) => [writes(...messages)]],
  ["one by one", (messages: RoomMessage<Chat>[]) => messages.map((each) => writes(each))],
])("lets nobody take an absent person's name by an earlier message: %s", (_how, arrive) => {
  const messages = [message("you-1", "x"), message("you-2", "Ada"), message("you-1", "Ada")];
  expect(called(["you-1", "you-2"], ...arrive(messages))).toEqual(["you-1", "Ada"]);
});
