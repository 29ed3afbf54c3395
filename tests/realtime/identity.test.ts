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

it("has a name that a person can say, and a clientId that the function takes", () => {
  const { name, clientId } = loadIdentity(storage());
  expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
  expect(clientId).toMatch(/^guest-[0-9a-z]+$/);
});

it("is whom index.html asked a token request for", () => {
  expect(loadIdentity(storage({ clientId: "guest-1" })).clientId).toBe("guest-1");
});

it("is new where something else was stored, or nothing can be", () => {
  for (const clientId of ["*", "", " ", "a\nb", "x".repeat(129)]) {
    const identity = loadIdentity(storage({ clientId, name: "" }));
    expect(identity.clientId).not.toBe(clientId);
    expect(identity.name).not.toBe("");
  }
  expect(loadIdentity(undefined).name).not.toBe("");
});
