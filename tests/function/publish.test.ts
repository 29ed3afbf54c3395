import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { production, publish } from "./publish.ts";

beforeEach(() => {
  vi.stubEnv("ABLY_API_KEY", undefined);
  vi.stubEnv("NETLIFY_DEV", undefined);
  vi.stubEnv("CONTEXT", undefined);
});
afterEach(() => vi.unstubAllEnvs());

it.each([
  [undefined, 40106, /no ABLY_API_KEY/],
  ["your-key-here", 40101, /form appId\.keyId:secret/],
])("returns the error, and does not throw, for the key %s", async (key, code, message) => {
  vi.stubEnv("ABLY_API_KEY", key);
  const error = await publish(production, "lobby", "note", { text: "hi" });
  expect(error).toMatchObject({ code, statusCode: 500 });
  expect(error?.message).toMatch(message);
});

it.each([
  ["an unknown message", "other", { text: "hi" }, {}],
  ["wrong data", "note", { text: 5 }, {}],
  ["the client ID of a visitor", "note", { text: "hi" }, { clientId: "ada" }],
])("refuses %s", async (_what, name, data, options) => {
  vi.stubEnv("ABLY_API_KEY", "appId.keyId:top-secret-part");
  expect(await publish(production, "lobby", name, data, options)).toMatchObject({ code: 40000 });
});
