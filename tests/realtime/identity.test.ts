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

it("is whom index.html made up", () => {
  const made = { clientId: "guest-1", name: "Amber Otter" };
  expect(loadIdentity(storage(made))).toEqual(made);
});

it("is a guest where that did not run, with a clientId that the function takes", () => {
  const { name, clientId } = loadIdentity(storage());
  expect(name).toBe("Guest");
  expect(clientId).toMatch(/^guest-[0-9a-z]+$/);
});

it("is somebody where the storage is full", () => {
  const setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  expect(loadIdentity({ ...storage(), setItem } as Storage).name).toBe("Guest");
});

it("is new where something else was stored, or nothing can be", () => {
  for (const clientId of ["*", "", " ", "a\nb", "x".repeat(129)]) {
    const identity = loadIdentity(storage({ clientId, name: "" }));
    expect(identity.clientId).not.toBe(clientId);
    expect(identity.name).not.toBe("");
  }
  expect(loadIdentity(undefined).name).not.toBe("");
});
