import type { Context } from "@netlify/functions";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { publish } from "../../netlify/publish.ts";
import { hasLocalAbly, startLocalAbly } from "../support/local-ably.ts";

// The messages of src/app.ts are yours: these tests bring their own.
vi.mock("../../src/app.ts", async () => {
  const { notes } = await import("../support/contract.ts");
  return { chat: notes };
});

const production = { deploy: { context: "production" } } as Context;
const preview = { deploy: { context: "deploy-preview" } } as Context;
const send = publish as unknown as (
  context: Context,
  room: string,
  name: string,
  data: unknown,
  options?: object,
) => ReturnType<typeof publish>;

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
  const error = await send(production, "lobby", "note", { text: "hi" });
  expect(error).toMatchObject({ code, statusCode: 500 });
  expect(error?.message).toMatch(message);
});

it.each([
  ["an unknown message", "other", { text: "hi" }, {}],
  ["wrong data", "note", { text: 5 }, {}],
  ["the client ID of a visitor", "note", { text: "hi" }, { clientId: "ada" }],
])("refuses %s", async (_what, name, data, options) => {
  vi.stubEnv("ABLY_API_KEY", "appId.keyId:top-secret-part");
  expect(await send(production, "lobby", name, data, options)).toMatchObject({ code: 40000 });
});

describe.runIf(hasLocalAbly)("under netlify dev without a key", () => {
  let ably: Awaited<ReturnType<typeof startLocalAbly>>;

  beforeEach(async () => {
    ably = await startLocalAbly({});
    vi.stubEnv("NETLIFY_DEV", "true");
    vi.stubEnv("URL", `http://localhost:${ably.port}`);
  });
  afterEach(() => ably.close());

  /** Reads the channel's history as a server does. */
  async function history(channel: string): Promise<unknown[]> {
    const { LOCAL_ABLY_KEY } = await import("../../netlify/functions/ably-token-request/key.ts");
    const { default: Ably } = await import("ably");
    const address = { endpoint: "localhost", port: ably.port, tls: false, useTokenAuth: true };
    const rest = new Ably.Rest({ key: LOCAL_ABLY_KEY, ...address });
    const { items } = await rest.channels.get(channel).history();
    return items.map(({ name, clientId, data }) => [name, clientId, data.text]);
  }

  it("publishes as a server, in the one set of channels of local Ably", async () => {
    expect(await send(preview, "lobby", "note", { text: "hi" })).toBeUndefined();
    expect(await send(production, "lobby", "alarm", { text: "!" }, { clientId: "server:x" })).toBe(
      undefined,
    );
    expect(await history("room:lobby")).toEqual([
      ["alarm", "server:x", "!"],
      ["note", "server", "hi"],
    ]);
  });

  it("counts a repeat with the same ID once", async () => {
    for (let i = 0; i < 2; i++) {
      expect(await send(production, "lobby", "note", { text: "once" }, { id: "hook-1" })).toBe(
        undefined,
      );
    }
    expect(await history("room:lobby")).toHaveLength(1);
  });

  it("returns the error if Ably cannot be reached", async () => {
    await ably.close();
    const error = await send(production, "lobby", "note", { text: "hi" });
    expect(error?.message).toBeTruthy();
  });
});
