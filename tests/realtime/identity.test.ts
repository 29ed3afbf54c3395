import { expect, it } from "vitest";
import { loadIdentity } from "../../src/realtime/identity.ts";

function storage(entries: Record<string, string> = {}): Storage {
  const map = new Map(Object.entries(entries));
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
  } as Storage;
}

it("stays the same across reloads of a tab", () => {
  const tab = storage();
  expect(loadIdentity(tab)).toEqual(loadIdentity(tab));
});

it("is another in another tab", () => {
  expect(loadIdentity(storage()).clientId).not.toBe(loadIdentity(storage()).clientId);
});

it("has a name that a person can say, and a clientId made from it", () => {
  const { name, clientId } = loadIdentity(storage());
  expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
  expect(clientId).toMatch(new RegExp(`^${name.toLowerCase().replace(" ", "-")}-[0-9a-z]{4,}$`));
});

it("is new where something else was stored, or nothing can be", () => {
  expect(loadIdentity(storage({ identity: "not JSON" })).name).not.toBe("");
  expect(loadIdentity(storage({ identity: '{"clientId":5}' })).name).not.toBe("");
  for (const clientId of ["*", "", " ", "a\nb", "x".repeat(129)]) {
    const stored = storage({ identity: JSON.stringify({ clientId, name: "Ada" }) });
    expect(loadIdentity(stored).clientId).not.toBe(clientId);
  }
  expect(loadIdentity(undefined).name).not.toBe("");
});
