import { describe, expect, it } from "vitest";
import { formatDuration, formatMs } from "../../src/demo/state/diagram.ts";
import { excerptOf, cutAccents } from "../../src/demo/state/excerpt.ts";
import { initialsOf } from "../../src/demo/state/people.ts";
import { describeRaw, describeUnknown } from "../../src/demo/state/words.ts";

it.each([
  ["Amber Fox", "AF"],
  ["ada", "A"],
  ["  a   b c ", "AB"],
  ["🦦 otter", "🦦O"],
  ["👩‍👩‍👧 family", "👩‍👩‍👧F"],
  ["e\u0301mile zola", "E\u0301Z"],
  ["🇩🇪 deutsch", "🇩🇪D"],
  ["", "?"],
])("takes the initials of %j: %s", (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

it.each([
  [0, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min 0 s"],
  [3_725_000, "1 h 2 min"],
  [-5, "0 s"],
])("formats %i ms as %s", (ms, words) => {
  expect(formatDuration(ms)).toBe(words);
});

it("rounds milliseconds", () => {
  expect(formatMs(41.4)).toBe("41 ms");
});

describe("a message of no known type", () => {
  it.each([
    ["ping", undefined, "ping"],
    ["ping", null, "ping"],
    ["ping", "", "ping"],
    ["ping", {}, "ping"],
    [undefined, undefined, "(no name)"],
    ["", "text", "(no name): text"],
    ["n", "text", "n: text"],
    ["n", { a: [1] }, 'n: {"a":[1]}'],
    ["n", new Uint8Array(3), "n: (3 bytes of binary data)"],
    ["n", new ArrayBuffer(1), "n: (1 byte of binary data)"],
    ["n", 0, "n: 0"],
    ["n", false, "n: false"],
    ["n", [], "n: []"],
  ])("%j with %j reads %j", (name, data, text) => {
    expect(describeUnknown(name, data)).toBe(text);
  });

  it("can carry data that JSON cannot hold", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(describeUnknown("n", loop)).toBe("n: (data that cannot be shown)");
    expect(describeRaw(10n)).toBe("(data that cannot be shown)");
    expect(describeRaw(undefined)).toBe("undefined");
  });

  it("shows in the whole message how much binary data it has", () => {
    const raw = { name: "n", data: new Uint8Array(3) };
    expect(JSON.parse(describeRaw(raw))).toEqual({ ...raw, data: "(3 bytes of binary data)" });
  });
});

describe("a text", () => {
  const alphabets = "аαաאعܐހअঅਅઅଅஅఅಅഅඅกກཀကაሀᎠᐁកᠠⴰꀀ";

  it.each([
    "",
    "hi",
    "two\nlines",
    "e\u0301".repeat(500),
    "x".repeat(2_000),
    "Tiếng Việt có dấu. ".repeat(100),
    "Здравствуйте, это письмо. ".repeat(36),
    "שלום, מה שלומך היום? ".repeat(30),
    "これは日本語の文章です。".repeat(50),
    "हम कल मिलेंगे ".repeat(60),
    "Thanks! 👍 ".repeat(40),
  ])("is shown whole: %#", (text) => {
    expect(excerptOf(text)).toBe(text);
  });

  it.each([
    ["of many letters", "x".repeat(60_000), "x".repeat(2_000)],
    ["of many lines", "\n".repeat(30_000), "\n".repeat(125)],
    ["of many tabs", "\ta".repeat(900), "\ta".repeat(117)],
    ["with many accents on one letter", `ab${"\u0301".repeat(29_000)}`, "a"],
    ["of letters that each have another script", alphabets.repeat(2), alphabets.slice(0, 17)],
    ["that ends in a family", `${"x".repeat(1_985)}👩‍👩‍👧 and more`, "x".repeat(1_985)],
  ])("%s is cut between characters", (_what, text, shown) => {
    expect(excerptOf(text)).toBe(shown);
  });

  it("has no more accents on a letter than browsers lay out fast", () => {
    const accents = "\u0301".repeat(30);
    expect(cutAccents(`ab${accents}${accents}c`)).toBe(`ab${accents}…c`);
  });

  it.each([
    ["two scripts", "अঅ"],
    ["two directions", "אa"],
    ["a direction and digits", "א1"],
    ["Chinese and Latin", "中a"],
    ["emoji and letters", "😀a"],
    ["keycaps", "1\ufe0f\u20e3a"],
  ])("of %s in turns has at most 160 changes", (_what, turn) => {
    const text = turn.repeat(900);
    const shown = excerptOf(text);
    expect(text.startsWith(shown)).toBe(true);
    expect(shown.length / turn.length).toBeGreaterThan(30);
    expect(shown.length / turn.length).toBeLessThanOrEqual(80);
  });
});
