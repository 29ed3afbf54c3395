/** The functions under `netlify dev` without a key. */
import type { Context } from "@netlify/functions";
import Ably from "ably";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_ABLY_KEY } from "../../netlify/functions/ably-token-request/local-ably.ts";
import { startLocalAbly } from "../support/local-ably.ts";
import { ablyTokenRequest } from "../support/token-function.ts";
import { readAnswer } from "./answer.ts";
import { production, publish } from "./publish.ts";

const preview = { deploy: { context: "deploy-preview" } } as Context;

beforeEach(() => {
  vi.stubEnv("ABLY_API_KEY", undefined);
  vi.stubEnv("NETLIFY_DEV", "true");
});
afterEach(() => vi.unstubAllEnvs());

describe("the token request", () => {
  const ask = async (context = {} as Context) =>
    readAnswer(await ablyTokenRequest(new Request("https://site.example/?clientId=ada"), context));

  it.each([undefined, "", " "])("is signed with local Ably's key if there is %j", async (key) => {
    vi.stubEnv("ABLY_API_KEY", key);
    expect((await ask()).keyName).toBe(LOCAL_ABLY_KEY.split(":")[0]);
  });

  it("is for production's channels in every deploy context", async () => {
    const { capability } = await ask(preview);
    expect(Object.keys(JSON.parse(String(capability)))).toEqual(["room:*"]);
  });

  it("needs a key outside of netlify dev", async () => {
    vi.stubEnv("NETLIFY_DEV", undefined);
    expect((await ask()).error.code).toBe(40106);
  });
});

describe("publishing", () => {
  let ably: Awaited<ReturnType<typeof startLocalAbly>>;

  beforeEach(async () => {
    ably = await startLocalAbly({});
    vi.stubEnv("URL", `http://localhost:${ably.port}`);
  });
  afterEach(() => ably.close());

  const address = () => {
    return { endpoint: "localhost", port: ably.port, tls: false, useTokenAuth: true };
  };

  /** Reads the channel's history as a server does. */
  async function history(
    channel: string,
  ): Promise<[name: string, clientId: string, text: string][]> {
    const rest = new Ably.Rest({ key: LOCAL_ABLY_KEY, ...address() });
    const { items } = await rest.channels.get(channel).history();
    return items.map(({ name = "", clientId = "", data }) => [name, clientId, data.text]);
  }

  it("publishes as a server, in the one set of channels of local Ably", async () => {
    expect(await publish(preview, "lobby", "note", { text: "hi" })).toBeUndefined();
    expect(
      await publish(production, "lobby", "alarm", { text: "!" }, { clientId: "server:x" }),
    ).toBe(undefined);
    expect(await history("room:lobby")).toEqual([
      ["alarm", "server:x", "!"],
      ["note", "server", "hi"],
    ]);
  });

  it("publishes a message without data, and binary data", async () => {
    expect(await publish(production, "lobby", "refresh", undefined)).toBeUndefined();
    expect(await publish(production, "lobby", "anything", new Uint8Array([7]))).toBeUndefined();
    const rest = new Ably.Rest({ key: LOCAL_ABLY_KEY, ...address() });
    const { items } = await rest.channels.get("room:lobby").history();
    expect(items.map(({ name, data }) => [name, data && [...data]])).toEqual([
      ["anything", [7]],
      ["refresh", undefined],
    ]);
  });

  it("counts a repeat with the same ID once", async () => {
    for (let i = 0; i < 2; i++) {
      expect(await publish(production, "lobby", "note", { text: "once" }, { id: "hook-1" })).toBe(
        undefined,
      );
    }
    expect(await history("room:lobby")).toHaveLength(1);
  });

  it("is not dropped as the repeat of a visitor's message with the same ID", async () => {
    const stranger = new Ably.Rest({ key: LOCAL_ABLY_KEY, clientId: "ada", ...address() });
    const junk = { id: "hook-2", name: "note", data: { text: "junk" } };
    await stranger.channels.get("room:lobby").publish(junk);
    await publish(production, "lobby", "note", { text: "real" }, { id: "hook-2" });
    expect((await history("room:lobby")).map(([, , text]) => text)).toEqual(["real", "junk"]);
  });

  it("returns the error if Ably cannot be reached", async () => {
    await ably.close();
    const error = await publish(production, "lobby", "note", { text: "hi" });
    expect(error?.message).toBeTruthy();
  });
});
