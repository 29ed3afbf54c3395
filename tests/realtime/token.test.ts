import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { channelName } from "../../src/realtime/contract.ts";
import { forgetTokens, loadToken, saveToken } from "../../src/realtime/token.ts";
import { useTabStorage } from "../support/storage.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const storage = useTabStorage();

const token = {
  token: "a token of Ably's",
  keyName: "app.key",
  clientId: "ada",
  issued: NOW,
  expires: NOW + HOUR_MS,
  capability: JSON.stringify({ [channelName("*")]: ["publish"] }),
};

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.stubGlobal("__ABLY_KEY_NAME__", "app.key");
});

afterEach(() => {
  vi.useRealTimers();
});

it("is used again by the same person", () => {
  saveToken(token);
  expect(loadToken("ada")).toEqual(token);
});

describe("is not used if it", () => {
  it.each<[string, { [field in keyof typeof token]?: (typeof token)[field] | undefined }]>([
    ["ends in 5 minutes", { expires: NOW + 5 * MINUTE_MS }],
    ["has ended", { expires: NOW - 1 }],
    ["is of another key", { keyName: "app.other" }],
    ["is of an unknown key", { keyName: undefined }],
    ["is too long for an address", { token: "x".repeat(100_000) }],
    ["opens the channels of another deploy context", { capability: '{"other:*":["publish"]}' }],
  ])("%s", (_what, change) => {
    saveToken({ ...token, ...change });
    expect(loadToken("ada")).toBeUndefined();
  });

  it("is for somebody else", () => {
    saveToken({ ...token, clientId: "bob" });
    expect(loadToken("ada")).toBeUndefined();
  });

  it("names somebody else than the entry that it is stored in", () => {
    saveToken(token);
    storage().setItem("ably-token:eve", storage().getItem("ably-token:ada") ?? "");
    expect(loadToken("eve")).toBeUndefined();
  });

  it("was issued later than now", () => {
    saveToken(token);
    vi.setSystemTime(NOW - 2 * MINUTE_MS);
    expect(loadToken("ada")).toBeUndefined();
  });

  it.each(["nonsense", "null", "[]", '{"token":1}', ""])("is stored as %j", (text) => {
    storage().setItem("ably-token:ada", text);
    expect(loadToken("ada")).toBeUndefined();
  });

  it("was issued for a page that does not know its key", () => {
    vi.stubGlobal("__ABLY_KEY_NAME__", "");
    saveToken({ ...token, keyName: "" });
    expect(loadToken("ada")).toBeUndefined();
  });
});

describe("is not stored", () => {
  it.each([-10 * MINUTE_MS, 10 * MINUTE_MS])("where the clock is wrong by %i ms", (wrong) => {
    vi.setSystemTime(NOW + wrong);
    saveToken(token);
    vi.setSystemTime(NOW);
    expect(loadToken("ada")).toBeUndefined();
  });

  it("if it is for nobody, or no token", () => {
    for (const value of [{ ...token, clientId: undefined }, { token: "x" }, null, "text"]) {
      saveToken(value);
    }
    expect(Object.keys(storage())).toEqual([]);
  });

  it("if storage is full or forbidden, without an error", () => {
    storage().fill();
    saveToken(token);
    expect(loadToken("ada")).toBeUndefined();
    vi.stubGlobal("sessionStorage", undefined);
    saveToken(token);
    expect(loadToken("ada")).toBeUndefined();
  });
});

it("is deleted by forgetTokens, and nothing else is", () => {
  saveToken(token);
  storage().setItem("draft", "half typed");
  forgetTokens();
  expect(loadToken("ada")).toBeUndefined();
  expect(storage().getItem("draft")).toBe("half typed");
});
