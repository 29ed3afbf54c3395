import { expect, it } from "vitest";
import { SafeStorage, openStorages, parseJson } from "../../src/realtime/storage.ts";
import { createStorages, openFake } from "../support/storage.ts";

it("keeps keys of several parts apart, whatever characters they have", () => {
  const { tab } = openFake(createStorages());
  const keys = [
    ["a", "b:c", "d"],
    ["a", "b", "c:d"],
    ["a", "b/c", "d"],
    ["a", "b", "c/d"],
    ["a", "b%2Fc", "d"],
    ["a", "", "b"],
  ];
  for (const key of keys) tab.write(key.join("|"), ...key);
  expect(keys.map((key) => tab.read(...key))).toEqual(keys.map((key) => key.join("|")));
  expect(tab.list("a", "b")).toEqual(["a|b|c:d", "a|b|c/d"]);
});

it("takes half of a surrogate pair in a key", () => {
  const { tab } = openFake(createStorages());
  expect(tab.write("text", "unsent", "\ud800")).toBe(true);
  expect(tab.read("unsent", "\ud800")).toBe("text");
});

it("says that nothing is stored where storage is full or forbidden", () => {
  const storages = createStorages();
  storages.sessionStorage.fill();
  expect(openFake(storages).tab.write("text", "a")).toBe(false);
  const forbidden = {
    get sessionStorage(): Storage {
      throw new DOMException("forbidden", "SecurityError");
    },
    get localStorage(): Storage {
      throw new DOMException("forbidden", "SecurityError");
    },
  };
  const broken = new Proxy({} as Storage, {
    get() {
      throw new DOMException("damaged", "UnknownError");
    },
    ownKeys() {
      throw new DOMException("damaged", "UnknownError");
    },
  });
  const missing = null as unknown as Storage;
  for (const source of [
    forbidden,
    { sessionStorage: broken, localStorage: broken },
    { sessionStorage: missing, localStorage: missing },
  ]) {
    const { tab, site } = openStorages(source);
    expect(tab.write("text", "a")).toBe(false);
    expect(site.read("a")).toBeUndefined();
    expect(tab.list("a")).toEqual([]);
    tab.remove("a");
    tab.removeAll("a");
    tab.end();
  }
});

it("stores nothing after its end", () => {
  const storages = createStorages();
  const { tab } = openFake(storages);
  tab.write("text", "a");
  tab.end();
  expect(tab.write("text", "b")).toBe(false);
  expect(Object.keys(storages.sessionStorage)).toEqual([]);
  expect(new SafeStorage(undefined).read("a")).toBeUndefined();
});

it.each(["", "{", undefined])("reads %j as nothing", (text) => {
  expect(parseJson(text)).toBeUndefined();
});
