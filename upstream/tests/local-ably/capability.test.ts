import Ably from "ably";
import { describe, expect, it } from "vitest";
import type { Capability } from "../../../local-ably/capability.ts";
import {
  FORMATS,
  connected,
  countCalls,
  optionsFor,
  realtime,
  refusal,
  rest,
  start,
} from "./harness.ts";

// The keys of Ably's own test apps: github.com/ably/ably-common test-resources/test-app-setup.json
const KEYS: Record<string, Capability> = {
  k1: {
    "cansubscribe:*": ["subscribe"],
    "canpublish:*": ["publish"],
    "canpublish:andpresence": ["presence", "publish"],
  },
  k2: {
    channel0: ["publish"],
    channel1: ["publish"],
    channel2: ["publish", "subscribe"],
    channel3: ["subscribe"],
    channel4: ["presence", "publish", "subscribe"],
    channel5: ["presence"],
    channel6: ["*"],
  },
  k3: { "*": ["subscribe"] },
  k5: { "[*]*": ["*"] },
};

async function startWithKeys() {
  const keys = Object.entries(KEYS).map(([id, capability]) => ({
    name: `app.${id}`,
    secret: "s",
    capability,
  }));
  return start({}, keys);
}

describe.each(FORMATS)("the capability of a token in %s", (format) => {
  async function granted(keyId: string, asked?: Capability): Promise<unknown> {
    const server = await startWithKeys();
    const { auth } = new Ably.Rest({ ...optionsFor(server, format), key: `app.${keyId}:s` });
    const { capability } = await auth.requestToken(asked && { capability: JSON.stringify(asked) });
    return JSON.parse(capability);
  }

  // As in ably-js's own test/rest/capability.test.js.
  it.each<[string, string, Capability | undefined, Capability | undefined]>([
    ["the key's if none is asked for", "k2", undefined, KEYS.k2],
    ["the key's if that is asked for", "k1", KEYS.k1, KEYS.k1],
    [
      "the operations in common",
      "k2",
      { channel2: ["presence", "subscribe"] },
      { channel2: ["subscribe"] },
    ],
    [
      "the resources in common",
      "k2",
      { channel2: ["presence", "subscribe"], channelx: ["presence", "subscribe"] },
      { channel2: ["subscribe"] },
    ],
    ["* expanded to the key's", "k2", { channel2: ["*"] }, { channel2: ["publish", "subscribe"] }],
    [
      "what is asked of the key's *",
      "k2",
      { channel6: ["subscribe", "publish"] },
      { channel6: ["publish", "subscribe"] },
    ],
    ["within *", "k3", { cansubscribe: ["subscribe"] }, { cansubscribe: ["subscribe"] }],
    ["within a:*", "k1", { "canpublish:check": ["publish"] }, { "canpublish:check": ["publish"] }],
    [
      "a:* within *",
      "k3",
      { "cansubscribe:*": ["subscribe"] },
      { "cansubscribe:*": ["subscribe"] },
    ],
  ])("is %s", async (_what, keyId, asked, expected) => {
    expect(await granted(keyId, asked)).toEqual(expected);
  });

  it.each<[string, string, Capability]>([
    ["no operation", "k1", { "canpublish:test": ["subscribe"] }],
    ["no resource", "k2", { channelx: ["publish"] }],
  ])("is refused with 40160 if the key and the request share %s", async (_what, keyId, asked) => {
    expect(await refusal(granted(keyId, asked))).toMatchObject({ code: 40160, statusCode: 401 });
  });
});

describe("a resource", () => {
  // https://ably.com/docs/auth/capabilities#wildcards
  it.each([
    ["*", "any:channel", true],
    ["*", "[meta]log", false],
    ["foo:*", "foo:bar", true],
    ["foo:*", "foo:bar:baz", true],
    ["foo:*", "foobar", false],
    ["foo:*:baz", "foo:bar:baz", true],
    ["foo:*:baz", "foo:bar:bar:baz", false],
    ["foo*", "foobar", false],
    ["foo*", "foo*", true],
    ["[*]*", "any", true],
  ])("%s allows channel %s: %s", async (resource, name, expected) => {
    const server = await start();
    const params = { capability: { [resource]: ["subscribe" as const] } };
    const channel = realtime(server, { params }).channels.get(name);
    if (expected) return void (await channel.attach());
    expect(await refusal(channel.attach())).toMatchObject({ code: 40160, statusCode: 401 });
  });
});

describe.each(FORMATS)("without the capability in %s", (format) => {
  it("each operation is refused with 40160, and the connection stays", async () => {
    const server = await start();
    const params = { clientId: "ada", capability: { c: ["subscribe" as const] } };
    const client = realtime(server, { format, params });
    const channel = client.channels.get("c");
    await channel.attach();
    expect(channel.modes).toEqual(expect.arrayContaining(["subscribe", "presence_subscribe"]));
    expect(channel.modes).toHaveLength(2);
    const { channels } = rest(server, { format, params });
    const forbidden = [
      () => channel.publish("n", ""),
      () => channel.presence.enter(),
      () => client.channels.get("other").attach(),
      () => channel.history(),
      () => channels.get("c").publish("n", ""),
      () => channels.get("c").history(),
      () => channels.get("c").presence.history(),
      () => channels.get("c").status(),
    ];
    for (const operation of forbidden) {
      expect(await refusal(operation())).toMatchObject({ code: 40160, statusCode: 401 });
    }
    expect(client.connection.state).toBe("connected");
    expect(channel.state).toBe("attached");
  });

  it.each(["constructor", "__proto__", "toString"])("channel %s is refused too", async (name) => {
    const params = {
      clientId: "ada",
      capability: { c: ["publish" as const, "subscribe" as const] },
    };
    const server = await start();
    const channel = realtime(server, { format, params }).channels.get(name);
    expect(await refusal(channel.attach())).toMatchObject({ code: 40160 });
    const other = rest(server, { format, params }).channels.get(name);
    expect(await refusal(other.publish("n", ""))).toMatchObject({ code: 40160 });
  });

  it("to subscribe, nothing is delivered; subscribe alone is enough to read presence", async () => {
    const server = await start();
    const ada = realtime(server, { format, params: { clientId: "ada" } }).channels.get("c");
    await ada.presence.enter("here");
    const params = { capability: { c: ["subscribe" as const] } };
    const reader = realtime(server, { format, params }).channels.get("c");
    expect((await reader.presence.get()).map(({ data }) => data)).toEqual(["here"]);
    const { items } = await rest(server, { format, params }).channels.get("c").presence.get();
    expect(items.map(({ data }) => data)).toEqual(["here"]);
  });

  it("to subscribe, presence over REST is refused", async () => {
    const params = { capability: { c: ["publish" as const] } };
    const channel = rest(await start(), { format, params }).channels.get("c");
    expect(await refusal(channel.presence.get())).toMatchObject({ code: 40160 });
  });
});

it("a long capability is split once for a connection, however many channels it attaches to", async () => {
  const server = await start();
  const names = Array.from({ length: 1_500 }, (_, i) => `${i}`);
  const capability: Capability = Object.fromEntries(names.map((name) => [name, ["*"]]));
  const { channels } = await connected(
    realtime(server, { params: { capability: JSON.stringify(capability) } }),
  );
  const splits = countCalls(String.prototype, "split");
  await Promise.all(names.slice(-30).map((name) => channels.get(name).attach()));
  await Promise.all(names.slice(-30).map((name) => channels.get(name).publish("n", "")));
  expect(splits()).toBeLessThan(2 * names.length);
});
