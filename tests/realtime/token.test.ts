import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SafeStorage } from "../../src/realtime/storage.ts";
import { forgetToken, loadToken, saveToken } from "../../src/realtime/token.ts";
import { type FakeStorages, createStorages, openFake } from "../support/storage.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let storages: FakeStorages;
let tab: SafeStorage;

const token = {
  token: "appId.a-token_of/Ably+s=",
  keyName: "app.key",
  clientId: "ada",
  issued: NOW,
  expires: NOW + HOUR_MS,
  capability: '{"room:*":["publish"]}',
};

beforeEach(() => {
  storages = createStorages();
  ({ tab } = openFake(storages));
  vi.useFakeTimers({ now: NOW });
  vi.stubGlobal("__ABLY_KEY_NAME__", "app.key");
});

afterEach(() => {
  vi.useRealTimers();
});

it("is used again by the same person", () => {
  saveToken(token, tab);
  expect(loadToken("ada", tab)).toEqual(token);
});

describe("is not used if it", () => {
  it.each<[string, { [field in keyof typeof token]?: (typeof token)[field] | undefined }]>([
    ["ends in 5 minutes", { expires: NOW + 5 * MINUTE_MS }],
    ["has ended", { expires: NOW - 1 }],
    ["is of another key", { keyName: "app.other" }],
    ["is of an unknown key", { keyName: undefined }],
    ["is too long for an address", { token: "x".repeat(100_000) }],
    ["has half of a surrogate pair", { token: "a\ud800" }],
    ["ends later than any token of Ably's", { expires: 1e300 }],
    ["has no end", { expires: Number.NaN }],
    ["ended before it was issued", { expires: NOW - HOUR_MS, issued: NOW }],
  ])("%s", (_what, change) => {
    saveToken({ ...token, ...change }, tab);
    expect(loadToken("ada", tab)).toBeUndefined();
  });

  it("is for somebody else", () => {
    saveToken({ ...token, clientId: "bob" }, tab);
    expect(loadToken("ada", tab)).toBeUndefined();
  });

  it("names somebody else than the entry that it is stored in", () => {
    saveToken(token, tab);
    tab.write(tab.read("ably-token", "ada") ?? "", "ably-token", "eve");
    expect(loadToken("eve", tab)).toBeUndefined();
  });

  it("was issued later than now", () => {
    saveToken(token, tab);
    vi.setSystemTime(NOW - 2 * MINUTE_MS);
    expect(loadToken("ada", tab)).toBeUndefined();
  });

  it.each(["nonsense", "null", "[]", '{"token":1}', ""])("is stored as %j", (text) => {
    tab.write(text, "ably-token", "ada");
    expect(loadToken("ada", tab)).toBeUndefined();
  });

  it("was issued for a page that does not know its key", () => {
    vi.stubGlobal("__ABLY_KEY_NAME__", "");
    saveToken({ ...token, keyName: "" }, tab);
    expect(loadToken("ada", tab)).toBeUndefined();
  });
});

describe("is not stored", () => {
  it.each([-10 * MINUTE_MS, 10 * MINUTE_MS])("where the clock is wrong by %i ms", (wrong) => {
    vi.setSystemTime(NOW + wrong);
    saveToken(token, tab);
    vi.setSystemTime(NOW);
    expect(loadToken("ada", tab)).toBeUndefined();
  });

  it("if it is for nobody, or no token", () => {
    for (const value of [{ ...token, clientId: undefined }, { token: "x" }, null, "text"]) {
      saveToken(value, tab);
    }
    expect(Object.keys(storages.sessionStorage)).toEqual([]);
  });

  it("if storage is full or forbidden, without an error", () => {
    storages.sessionStorage.fill();
    saveToken(token, tab);
    expect(loadToken("ada", tab)).toBeUndefined();
    const forbidden = new SafeStorage(undefined);
    saveToken(token, forbidden);
    expect(loadToken("ada", forbidden)).toBeUndefined();
  });
});

it("is deleted by forgetToken, and nothing else is", () => {
  saveToken(token, tab);
  tab.write("half typed", "draft");
  forgetToken("ada", tab);
  expect(loadToken("ada", tab)).toBeUndefined();
  expect(tab.read("draft")).toBe("half typed");
});
