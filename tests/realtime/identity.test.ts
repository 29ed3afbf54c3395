import { expect, it } from "vitest";
import { loadIdentity, randomId } from "../../src/realtime/identity.ts";
import { SafeStorage } from "../../src/realtime/storage.ts";
import { createStorages, openFake } from "../support/storage.ts";

/** A tab with these entries in its storage. */
function tab(entries: Record<string, string> = {}) {
  const storages = createStorages();
  Object.assign(storages.sessionStorage, entries);
  return { storages, ...openFake(storages) };
}

it("keeps the identity of a tab across reloads", () => {
  const mine = tab();
  expect(loadIdentity(mine)).toEqual(loadIdentity(mine));
});

it("gives each tab another identity", () => {
  expect(loadIdentity(tab()).clientId).not.toBe(loadIdentity(tab()).clientId);
});

it("keeps the name that somebody chose", () => {
  const chosen = { clientId: "guest-1", name: "Ada" };
  expect(loadIdentity(tab(chosen))).toEqual(chosen);
});

it("makes client IDs that the function accepts", () => {
  expect(loadIdentity(tab()).clientId).toMatch(/^guest-[0-9a-f]{12}$/);
});

it("works where storage is full or forbidden", () => {
  const full = tab();
  full.storages.sessionStorage.fill();
  expect(loadIdentity(full).name).not.toBe("");
  expect(loadIdentity({ tab: new SafeStorage(undefined) }).name).not.toBe("");
});

it("replaces a stored client ID that the function would refuse, and a blank name", () => {
  for (const clientId of ["*", "", " ", "a\nb", "server:x", "x".repeat(129)]) {
    const identity = loadIdentity(tab({ clientId, name: " " }));
    expect(identity.clientId).not.toBe(clientId);
    expect(identity.name.trim()).not.toBe("");
  }
});

it("cleans a stored name, as those of others", () => {
  expect(loadIdentity(tab({ name: "a\u202Eb" })).name).toBe("a b");
  expect(loadIdentity(tab({ name: "x".repeat(70_000) })).name).toHaveLength(40);
});

it("makes random IDs of 32 hexadecimal digits", () => {
  expect(randomId()).toMatch(/^[0-9a-f]{32}$/);
  expect(randomId()).not.toBe(randomId());
});
