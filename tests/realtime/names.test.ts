import { describe, expect, it } from "vitest";
import { cleanName, isMadeUpName, makeName } from "../../src/realtime/names.ts";

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

  it("turns what nobody sees into spaces, and keeps what scripts and emoji need", () => {
    expect(cleanName("Ada\u3164L\u2800\u034f")).toBe("Ada L");
    for (const name of ["葛\u{e0100}城", "❤\ufe0f", "می\u200cخواهم", "👩\u200d🚀"]) {
      expect(cleanName(name)).toBe(name);
    }
  });

  it.each([
    "",
    " ",
    "\u200b",
    "\u3164",
    "\u2800",
    "\u{1d159}",
    "\u2060\u2061",
    "\u0301",
    "\u115f\u1160",
    "\u{e0041}",
  ])("finds nothing to see in %j", (name) => {
    expect(cleanName(name)).toBeUndefined();
  });
});

it("makes names that seldom repeat", () => {
  const names = new Set(Array.from({ length: 100 }, () => makeName()));
  expect(names.size).toBeGreaterThan(60);
  for (const name of names) expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
});

it("makes a name that is not taken, while there is one", () => {
  const all = [...new Set(Array.from({ length: 5_000 }, () => makeName()))];
  const [free = "", ...taken] = all;
  expect(makeName(taken)).toBe(free);
  expect(all).toContain(makeName(all));
});

it("tells made-up names from chosen ones", () => {
  for (let i = 0; i < 50; i++) expect(isMadeUpName(makeName())).toBe(true);
  for (const name of ["Ada", "Ada Lovelace", "Ruby Otter the First", "", " "]) {
    expect(isMadeUpName(name)).toBe(false);
  }
});
