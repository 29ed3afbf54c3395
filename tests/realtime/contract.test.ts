import { describe, expect, it } from "vitest";
import {
  channelName,
  channelNamespace,
  cleanName,
  parseContent,
  parseProfile,
  parseRoom,
} from "../../src/realtime/contract.ts";

describe("channelName", () => {
  it("starts with the namespace that tokens open", () => {
    expect(channelName("lobby")).toBe("room:lobby");
    expect(channelName("lobby", "production")).toBe(`${channelNamespace("production")}:lobby`);
  });

  it.each(["deploy-preview", "branch-deploy", "dev"])(
    "keeps %s apart from production",
    (context) => {
      expect(channelNamespace(context)).not.toBe(channelNamespace("production"));
      expect(channelName("lobby", context)).toBe(`${channelNamespace(context)}:lobby`);
    },
  );
});

describe("parseRoom", () => {
  it.each([
    [null, "lobby"],
    ["", "lobby"],
    [" x ", "x"],
    ["हिन्दी", "हिन्दी"],
    ["ห้องครัว", "ห้องครัว"],
    ["cafe\u0301", "café"],
    ["team 1", "team 1"],
    ["Küche", "Küche"],
    ["x".repeat(64), "x".repeat(64)],
  ])("accepts %j", (name, room) => {
    expect(parseRoom(name)).toBe(room);
  });

  it.each(["*", "a:b", "[meta]x", "a\nb", "x".repeat(65)])("refuses %j", (name) => {
    expect(parseRoom(name)).toBeUndefined();
  });
});

describe("parseContent", () => {
  it("returns content that matches its name", () => {
    expect(parseContent("chat-message", { text: "hi" })).toEqual({
      name: "chat-message",
      data: { text: "hi" },
    });
    expect(parseContent("hello-world-message", { message: "Hello world!" })?.name).toBe(
      "hello-world-message",
    );
  });

  it.each([
    ["an unknown name", "other", { text: "hi" }],
    ["a name that every object has", "constructor", { text: "hi" }],
    ["__proto__", "__proto__", { text: "hi" }],
    ["no name", undefined, { text: "hi" }],
    ["text that is no string", "chat-message", { text: 1 }],
    ["a string", "chat-message", "hi"],
    ["null", "chat-message", null],
    ["an array", "chat-message", ["hi"]],
    ["bytes", "chat-message", new ArrayBuffer(3)],
    ["an inherited text", "chat-message", Object.create({ text: "hi" })],
  ])("returns undefined for %s, and does not throw", (_what, name, data) => {
    expect(parseContent(name, data)).toBeUndefined();
  });
});

describe("parseProfile", () => {
  it("returns a profile without anything else", () => {
    expect(parseProfile({ name: "Ada", admin: true })).toEqual({
      name: "Ada",
      isTyping: false,
    });
    expect(parseProfile({ name: "Ada", isTyping: true })?.isTyping).toBe(true);
    expect(parseProfile({ name: "Ada", isTyping: "yes" })?.isTyping).toBe(false);
  });

  it.each([undefined, null, "Ada", { name: 5 }, {}, { name: "\u200b" }])(
    "returns undefined for %j",
    (data) => {
      expect(parseProfile(data)).toBeUndefined();
    },
  );
});

describe("cleanName", () => {
  it.each([
    ["Ada", "Ada"],
    ["  Ada \n Lovelace ", "Ada Lovelace"],
    ["דנה", "דנה"],
    ["Ada\u202eevE", "Ada evE"],
    ["\u2066Ada\u2069", "Ada"],
    ["Ada\u2028Bob\u2029", "Ada Bob"],
    ["a\u0000b", "a b"],
    ["می\u200cخواهم", "می\u200cخواهم"],
    ["👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"],
    ["x".repeat(50), "x".repeat(40)],
    ["é".normalize("NFD").repeat(50), "é".normalize("NFD").repeat(40)],
    ["🇩🇪".repeat(50), "🇩🇪".repeat(40)],
  ])("turns %j into %j", (name, clean) => {
    expect(cleanName(name)).toBe(clean);
  });

  it("has a bounded length, whatever one character carries", () => {
    expect(cleanName(`a${"\u0301".repeat(100_000)}`)?.length ?? 0).toBeLessThanOrEqual(200);
    expect(cleanName(`Ada ${"a\u0301\u0302".repeat(100_000)}`)?.length).toBeLessThanOrEqual(200);
  });

  it.each([
    "",
    " ",
    "\u200b",
    "\u3164",
    "\u2800",
    "\u2060\u2061",
    "\u0301",
    "\u115f\u1160",
    "\u{e0041}",
  ])("finds nothing to see in %j", (name) => {
    expect(cleanName(name)).toBeUndefined();
  });
});
