import * as v from "valibot";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type Content,
  type Contract,
  type Profile,
  type Schema,
  channelName,
  isForged,
  isServer,
  looksLikeServer,
  parseMessage,
  parseProfile,
  parseRoomName,
} from "../../src/realtime/contract.ts";

/** A contract of the tests' own: nothing here depends on the messages of the app. */
const contract = {
  messages: {
    move: v.object({ x: v.number(), y: v.number() }),
    score: { schema: v.object({ points: v.number() }), from: "server" },
  },
  profile: v.object({ team: v.string(), isReady: v.optional(v.boolean()) }),
} satisfies Contract;

describe("channelName", () => {
  it("starts with the namespace that tokens open", () => {
    expect(channelName("lobby")).toBe("room:lobby");
    expect(channelName("lobby", "production")).toBe("room:lobby");
  });

  it.each(["deploy-preview", "branch-deploy", "dev"])(
    "keeps %s apart from production",
    (context) => {
      expect(channelName("lobby", context)).toBe("room-preview:lobby");
    },
  );
});

it("takes a schema that has a method `from` for one that anyone may send", () => {
  const schema = Object.assign(() => {}, contract.messages.move, { from: () => schema });
  const own = { messages: { move: schema }, profile: contract.profile } satisfies Contract;
  expect(isForged(own, "move", "ada")).toBe(false);
  expect(parseMessage(own, "move", { x: 1, y: 2 }, "ada")).toMatchObject({ name: "move" });
});

describe("parseRoomName", () => {
  it.each([
    [" x ", "x"],
    ["हिन्दी", "हिन्दी"],
    ["ห้องครัว", "ห้องครัว"],
    ["cafe\u0301", "café"],
    ["team 1", "team 1"],
    ["Küche", "küche"],
    // The same room, also in a browser that is set to Turkish.
    ["Tea", "tea"],
    ["WIFI", "wifi"],
    ["x".repeat(64), "x".repeat(64)],
  ])("accepts %j", (name, room) => {
    expect(parseRoomName(name)).toBe(room);
  });

  it.each(["", "*", "a:b", "[meta]x", "a\nb", "x".repeat(65)])("refuses %j", (name) => {
    expect(parseRoomName(name)).toBeUndefined();
  });
});

describe("parseMessage", () => {
  it("returns what matches its schema, without anything else", () => {
    const data = { x: 1, y: 2, admin: true };
    expect(parseMessage(contract, "move", data, "ada")).toEqual({
      name: "move",
      data: { x: 1, y: 2 },
    });
  });

  it.each([
    ["an unknown name", "other", { x: 1, y: 2 }],
    ["a name that every object has", "constructor", { x: 1, y: 2 }],
    ["__proto__", "__proto__", { x: 1, y: 2 }],
    ["no name", undefined, { x: 1, y: 2 }],
    ["another type", "move", { x: "1", y: 2 }],
    ["a missing field", "move", { x: 1 }],
    ["a string", "move", "hi"],
    ["null", "move", null],
    ["an array", "move", [1, 2]],
    ["bytes", "move", new ArrayBuffer(3)],
  ])("returns undefined for %s, and does not throw", (_what, name, data) => {
    expect(parseMessage(contract, name, data, "ada")).toBeUndefined();
  });

  it("takes a server's message from a server alone", () => {
    const data = { points: 5 };
    expect(parseMessage(contract, "score", data, "server")?.data).toEqual(data);
    expect(parseMessage(contract, "score", data, "server:referee")?.data).toEqual(data);
    expect(parseMessage(contract, "score", data, "ada")).toBeUndefined();
    expect(isForged(contract, "score", "ada")).toBe(true);
    expect(isForged(contract, "score", "server")).toBe(false);
    expect(isForged(contract, "move", "ada")).toBe(false);
    expect(isForged(contract, undefined, "ada")).toBe(false);
  });

  it("takes any Standard Schema, and refuses an asynchronous one", () => {
    const schema = (validate: Schema<string>["~standard"]["validate"]): Schema<string> => ({
      "~standard": { validate },
    });
    const own = (type: Schema<string>) => ({ messages: { own: type }, profile: type });
    const upper = own(schema((value) => ({ value: String(value).toUpperCase() })));
    expect(parseMessage(upper, "own", "hi", "ada")).toEqual({ name: "own", data: "HI" });
    const late = own(schema(async () => ({ value: "" })));
    expect(() => parseMessage(late, "own", "hi", "ada")).toThrow(TypeError);
  });

  it("returns undefined if the schema throws for what a stranger sent", () => {
    const validate = (value: unknown) => ({ value: new URL(String(value)).href });
    const url: Schema<string> = { "~standard": { validate } };
    const links = { messages: { link: url }, profile: url };
    expect(parseMessage(links, "link", "https://a.example", "ada")?.data).toBe(
      "https://a.example/",
    );
    expect(parseMessage(links, "link", "no address", "eve")).toBeUndefined();
    expect(parseProfile(links, "no address")).toBeUndefined();
  });

  it("has the types that the schemas give", () => {
    type Expected =
      | { name: "move"; data: { x: number; y: number } }
      | { name: "score"; data: { points: number } };
    expectTypeOf<Content<typeof contract>>().toEqualTypeOf<Expected>();
    expectTypeOf<Profile<typeof contract>["team"]>().toEqualTypeOf<string>();
  });
});

describe("parseProfile", () => {
  it("returns a profile without anything else", () => {
    expect(parseProfile(contract, { team: "red", admin: true })).toEqual({ team: "red" });
  });

  it.each([undefined, null, "red", { team: 5 }, {}])("returns undefined for %j", (data) => {
    expect(parseProfile(contract, data)).toBeUndefined();
  });
});

describe("client IDs of servers", () => {
  it.each(["server", "server:news"])("include %s", (clientId) => {
    expect(isServer(clientId)).toBe(true);
  });

  it.each([
    "Server",
    "ｓｅｒｖｅｒ",
    " server",
    "SERVER:x",
    "ser\u200dver",
    "server\ufe0f",
    "ser\u2800ver",
  ])("look like %s", (text) => {
    expect(isServer(text)).toBe(false);
    expect(looksLikeServer(text)).toBe(true);
  });

  it.each(["observer", "servers", "my server", "ada"])("do not look like %s", (text) => {
    expect(looksLikeServer(text)).toBe(false);
  });
});
