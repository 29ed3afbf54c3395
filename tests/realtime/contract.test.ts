import { describe, expect, it } from "vitest";
import { channelName, parseContent, parseProfile, parseRoom } from "../../src/realtime/contract.ts";

it("names every channel inside the namespace that tokens open", () => {
  expect(channelName("lobby")).toBe("room:lobby");
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
  ])("takes %j", (name, room) => {
    expect(parseRoom(name)).toBe(room);
  });

  it.each(["*", "a:b", "[meta]x", "a\nb", "x".repeat(65)])("refuses %j", (name) => {
    expect(parseRoom(name)).toBeUndefined();
  });
});

describe("parseContent", () => {
  it("gives back what fits its name", () => {
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
  ])("gives undefined for %s, and throws nothing", (_what, name, data) => {
    expect(parseContent(name, data)).toBeUndefined();
  });
});

describe("parseProfile", () => {
  it("gives back a profile, and nothing beside it", () => {
    expect(parseProfile({ name: "Ada", admin: true })).toEqual({
      name: "Ada",
      isTyping: false,
    });
    expect(parseProfile({ name: "Ada", isTyping: true })?.isTyping).toBe(true);
    expect(parseProfile({ name: "Ada", isTyping: "yes" })?.isTyping).toBe(false);
  });

  it.each([undefined, null, "Ada", { name: 5 }, {}])("gives undefined for %j", (data) => {
    expect(parseProfile(data)).toBeUndefined();
  });
});
