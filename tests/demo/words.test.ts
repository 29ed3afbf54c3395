import { describe, expect, it } from "vitest";
import { formatDuration, formatMs } from "../../src/demo/state/diagram.ts";
import { excerptOf } from "../../src/demo/state/excerpt.ts";
import { initialsOf } from "../../src/demo/state/people.ts";
import { describeUnknown, toJson } from "../../src/demo/state/words.ts";

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
    ["n", { file: new Uint8Array(3) }, 'n: {"file":"(3 bytes of binary data)"}'],
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
    expect(toJson(10n)).toBe("(data that cannot be shown)");
    expect(toJson(undefined)).toBe("undefined");
  });
});

describe("a text", () => {
  it.each(["", "hi", "two\nlines", "e\u0301".repeat(500), "x".repeat(2_000)])(
    "is shown whole: %#",
    (text) => {
      expect(excerptOf(text)).toBe(text);
    },
  );

  it.each([
    ["of many letters", "x".repeat(60_000), "x".repeat(2_000)],
    ["of many lines", "a\n".repeat(30_000), "a\n".repeat(100).slice(0, -1)],
    ["with many accents on one letter", `ab${"\u0301".repeat(29_000)}`, "a"],
    ["that ends in a family", `${"x".repeat(1_995)}👩‍👩‍👧 and more`, "x".repeat(1_995)],
  ])("%s is cut between characters", (_what, text, shown) => {
    expect(excerptOf(text)).toBe(shown);
  });
});
