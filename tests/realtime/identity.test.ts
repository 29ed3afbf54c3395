import { expect, it } from "vitest";
import { isMadeUpName, loadIdentity, makeName, randomId } from "../../src/realtime/identity.ts";

function storage(entries: Record<string, string> = {}): Storage {
  const map = new Map(Object.entries(entries));
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
  } as Storage;
}

it("keeps the identity of a tab across reloads", () => {
  const tab = storage();
  expect(loadIdentity(tab)).toEqual(loadIdentity(tab));
});

it("gives each tab another identity", () => {
  expect(loadIdentity(storage()).clientId).not.toBe(loadIdentity(storage()).clientId);
});

it("keeps the name that somebody chose", () => {
  const chosen = { clientId: "guest-1", name: "Ada" };
  expect(loadIdentity(storage(chosen))).toEqual(chosen);
});

it("makes client IDs that the function accepts", () => {
  expect(loadIdentity(storage()).clientId).toMatch(/^guest-[0-9a-f]{12}$/);
});

it("works where storage is full or forbidden", () => {
  const setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  expect(loadIdentity({ ...storage(), setItem } as Storage).name).not.toBe("");
  expect(loadIdentity(undefined).name).not.toBe("");
});

it("replaces a stored client ID that the function would refuse, and a blank name", () => {
  for (const clientId of ["*", "", " ", "a\nb", "x".repeat(129)]) {
    const identity = loadIdentity(storage({ clientId, name: " " }));
    expect(identity.clientId).not.toBe(clientId);
    expect(identity.name.trim()).not.toBe("");
  }
});

it("cleans a stored name, as those of others", () => {
  expect(loadIdentity(storage({ name: "a\u202Eb" })).name).toBe("a b");
  expect(loadIdentity(storage({ name: "x".repeat(70_000) })).name).toHaveLength(40);
});

it("makes names that seldom repeat", () => {
  const names = new Set(Array.from({ length: 100 }, makeName));
  expect(names.size).toBeGreaterThan(60);
  for (const name of names) expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
});

it("tells made-up names from chosen ones", () => {
  for (let i = 0; i < 50; i++) expect(isMadeUpName(makeName())).toBe(true);
  for (const name of ["Ada", "Ada Lovelace", "Ruby Otter the First", "", " "]) {
    expect(isMadeUpName(name)).toBe(false);
  }
});

it("makes random IDs of 32 hexadecimal digits", () => {
  expect(randomId()).toMatch(/^[0-9a-f]{32}$/);
  expect(randomId()).not.toBe(randomId());
});
