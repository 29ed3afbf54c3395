import Ably from "ably";
import { describe, expect, it } from "vitest";
import {
  FORMATS,
  LOCAL_KEY,
  RawClient,
  connected,
  inSeconds,
  jwt,
  optionsFor,
  reached,
  realtime,
  refusal,
  rest,
  signer,
  start,
} from "./harness.ts";

const [KEY_NAME = ""] = LOCAL_KEY.split(":");
const HOUR_MS = 60 * 60 * 1000;
const TWO_APPS = [
  { name: "one.key", secret: "s1", capability: { "*": ["*"] } },
  { name: "two.key", secret: "s2", capability: { "*": ["*"] } },
];

describe.each(FORMATS)("requestToken in %s", (format) => {
  async function authOf(key = LOCAL_KEY): Promise<Ably.Auth> {
    return new Ably.Rest({ ...optionsFor(await start(), format), key }).auth;
  }

  it("issues a token for an hour with the full capability of the key", async () => {
    const before = Date.now();
    const details = await (await authOf()).requestToken();
    expect(details).toMatchObject({ keyName: KEY_NAME, capability: '{"*":["*"]}' });
    expect(details.token).not.toBe("");
    expect(details.issued).toBeGreaterThanOrEqual(before);
    expect(details.expires - details.issued).toBe(HOUR_MS);
    expect(details.clientId).toBeUndefined();
  });

  it("issues a token with the requested ttl, clientId and capability", async () => {
    const auth = await authOf();
    const capability = '{"b":["subscribe","publish"],"a":["*"]}';
    const details = await auth.requestToken({ ttl: 123, clientId: "ada", capability });
    expect(details.expires - details.issued).toBe(123);
    expect(details.clientId).toBe("ada");
    expect(details.capability).toBe('{"a":["*"],"b":["publish","subscribe"]}');
  });

  it.each([
    ["a wrong secret", `${KEY_NAME}:wrong`, {}, 40101, 401],
    ["an unknown key of the app", "local.nobody:s", {}, 40400, 401],
    ["an unknown app", "nobody.key:s", {}, 40400, 404],
    ["a timestamp 30 minutes off", LOCAL_KEY, { timestamp: Date.now() - HOUR_MS / 2 }, 40104, 401],
    ["a short nonce", LOCAL_KEY, { nonce: "fifteen-letters" }, 40105, 401],
    ["a negative ttl", LOCAL_KEY, { ttl: -1 }, 40003, 400],
    ["a ttl over 24 hours", LOCAL_KEY, { ttl: 24 * HOUR_MS + 1 }, 40003, 400],
    ["a ttl that is no number", LOCAL_KEY, { ttl: "long" as never }, 40003, 400],
    ["an unknown operation", LOCAL_KEY, { capability: '{"c":["publish_"]}' }, 40000, 400],
    ["* beside others", LOCAL_KEY, { capability: '{"c":["*","publish"]}' }, 40000, 400],
    ["no operation", LOCAL_KEY, { capability: '{"c":[]}' }, 40000, 400],
  ])("refuses %s", async (_what, key, params, code, statusCode) => {
    const auth = await authOf(key);
    expect(await refusal(auth.requestToken(params))).toMatchObject({ code, statusCode });
  });

  it("refuses a nonce that was used before", async () => {
    const auth = await authOf();
    const request = await auth.createTokenRequest();
    const authCallback: Ably.AuthOptions["authCallback"] = (_params, done) => done(null, request);
    await auth.requestToken({}, { authCallback });
    const error = await refusal(auth.requestToken({}, { authCallback }));
    expect(error).toMatchObject({ code: 40105, statusCode: 401 });
  });

  it("refuses a token request that was changed after it was signed", async () => {
    const auth = await authOf();
    const request = { ...(await auth.createTokenRequest()), clientId: "mallory" };
    const authCallback: Ably.AuthOptions["authCallback"] = (_params, done) => done(null, request);
    const error = await refusal(auth.requestToken({}, { authCallback }));
    expect(error).toMatchObject({ code: 40101, statusCode: 401 });
  });
});

describe("requestToken over plain HTTP", () => {
  async function ask(body: Record<string, unknown>, key?: string) {
    const server = await start({}, TWO_APPS);
    const basic = key && { authorization: `Basic ${Buffer.from(key).toString("base64")}` };
    const response = await fetch(`${server.url}/keys/one.key/requestToken`, {
      method: "POST",
      headers: { "content-type": "application/json", ...basic },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }

  it("accepts ttl and timestamp as strings", async () => {
    const { auth } = new Ably.Rest({ key: "one.key:s1" });
    const { ttl, timestamp, ...rest } = await auth.createTokenRequest({ ttl: 5_000 });
    const { body } = await ask({ ...rest, ttl: String(ttl), timestamp: String(timestamp) });
    expect(body.expires - body.issued).toBe(5_000);
  });

  it("needs no signature if the key itself is sent", async () => {
    const { status, body } = await ask({ clientId: "ada" }, "one.key:s1");
    expect([status, body.clientId, body.keyName]).toEqual([201, "ada", "one.key"]);
  });

  it.each([
    ["neither key nor signature", undefined],
    ["another app's key", "two.key:s2"],
    ["a wrong secret", "one.key:s2"],
  ])("refuses %s with 40101", async (_what, key) => {
    const { status, body } = await ask({ clientId: "ada" }, key);
    expect([status, body.error.code]).toEqual([401, 40101]);
  });

  it("refuses a clientId that is not a string with 40012", async () => {
    const { status, body } = await ask({ clientId: 5 }, "one.key:s1");
    expect([status, body.error.code]).toEqual([400, 40012]);
  });

  it("answers GET with 40400", async () => {
    const response = await fetch(`${(await start()).url}/keys/local.dev/requestToken`);
    expect([response.status, response.headers.get("x-ably-errorcode")]).toEqual([404, "40400"]);
  });
});

describe.each(FORMATS)("credentials in %s", (format) => {
  it("can be a JWT signed with the key: its claims apply over socket and REST", async () => {
    const server = await start();
    const token = jwt({
      iat: inSeconds(0),
      exp: inSeconds(60),
      "x-ably-clientId": "ada",
      "x-ably-capability": JSON.stringify({ c: ["publish", "history", "subscribe"] }),
    });
    const client = realtime(server, { format, token });
    const message = new Promise<Ably.InboundMessage>((resolve) => {
      void client.channels.get("c").subscribe(resolve);
    });
    await client.channels.get("c").attach();
    const channel = rest(server, { format, token }).channels.get("c");
    await channel.publish("n", "");
    expect((await message).clientId).toBe("ada");
    expect((await channel.history()).items).toHaveLength(1);
    const other = rest(server, { format, token }).channels.get("d");
    expect(await refusal(other.publish("n", ""))).toMatchObject({ code: 40160, statusCode: 401 });
  });

  const good = { iat: inSeconds(0), exp: inSeconds(600) };
  it.each([
    ["a JWT by a wrong secret", jwt(good, `${KEY_NAME}:wrong`), 40144, 401],
    ["a JWT of an unknown app", jwt(good, "nobody.key:s"), 40400, 404],
    ["a JWT of an unknown key", jwt(good, "local.nobody:s"), 40400, 401],
    ["a JWT without exp", jwt({ iat: good.iat }), 40144, 400],
    ["a JWT that has expired", jwt({ iat: inSeconds(-9), exp: inSeconds(-1) }), 40142, 401],
    ["a JWT for what the key may not", jwt({ ...good, "x-ably-capability": "{}" }), 40160, 401],
    ["a JWT of a clientId that is no text", jwt({ ...good, "x-ably-clientId": 5 }), 40012, 400],
    ["a JWT of an empty clientId", jwt({ ...good, "x-ably-clientId": "" }), 40012, 400],
    ["what has a JWT's dots only", "a.b.c", 40144, 401],
    ["what is no token", "nonsense", 40145, 401],
  ])("are refused over socket and REST if they are %s", async (_what, token, code, statusCode) => {
    const server = await start();
    // Without the SDK, which would request new tokens without end.
    const response = await fetch(`${server.url}/channels/c/messages?format=${format}`, {
      headers: { authorization: `Bearer ${Buffer.from(token).toString("base64")}` },
    });
    expect(response.status).toBe(statusCode);
    expect(response.headers.get("x-ably-errorcode")).toBe(String(code));
    const socket = new RawClient(server, { key: "", access_token: token });
    expect((await socket.next()).error).toMatchObject({ code, statusCode });
  });

  it("of one app give no access to the channels of another", async () => {
    const server = await start({}, TWO_APPS);
    const one = rest(server, { format, key: "one.key:s1" }).channels.get("c");
    const two = rest(server, { format, key: "two.key:s2" }).channels.get("c");
    await one.publish("n", "one's");
    expect((await one.history()).items).toHaveLength(1);
    expect((await two.history()).items).toHaveLength(0);
  });

  it("expire as asked, even after 1 ms", async () => {
    const server = await start();
    const { auth } = rest(server, { format });
    const { token, expires } = await auth.requestToken(
      {},
      { authCallback: signer(undefined, { ttl: 1 }) },
    );
    while (Date.now() <= expires) await new Promise(setImmediate);
    const client = realtime(server, { format, token });
    expect((await reached(client, "failed")).reason?.code).toBe(40171);
  });

  it("can be a key, sent with Basic auth or in the query", async () => {
    const server = await start();
    const query = new URLSearchParams({ key: LOCAL_KEY });
    const authorization = `Basic ${Buffer.from(LOCAL_KEY).toString("base64")}`;
    const address = `${server.url}/channels/c/messages`;
    expect((await fetch(`${address}?${query}`)).status).toBe(200);
    expect((await fetch(address, { headers: { authorization } })).status).toBe(200);
    const none = await fetch(address);
    expect([none.status, none.headers.get("x-ably-errorcode")]).toEqual([401, "40101"]);
  });

  it("can have a clientId in a header: any with a key, its own with a token", async () => {
    const server = await start();
    const clientId = Buffer.from("ada").toString("base64");
    const post = (authorization: string) =>
      fetch(`${server.url}/channels/c/messages`, {
        method: "POST",
        headers: { authorization, "x-ably-clientid": clientId, "content-type": "application/json" },
        body: '{"name":"n"}',
      });
    const claims = { iat: inSeconds(0), exp: inSeconds(60), "x-ably-clientId": "bob" };
    expect((await post(`Basic ${Buffer.from(LOCAL_KEY).toString("base64")}`)).status).toBe(201);
    const { items } = await rest(server, { format }).channels.get("c").history();
    expect(items.map((message) => message.clientId)).toEqual(["ada"]);
    const refused = await post(`Bearer ${jwt(claims)}`);
    expect([refused.status, refused.headers.get("x-ably-errorcode")]).toEqual([401, "40102"]);
  });

  it.each([
    "malformed:secret",
    ".key:secret",
    "app.:secret",
    "invalid.key:secret",
    "this.is:wrong",
  ])("of the key %s, whose app is unknown, are refused with 40101", async (key) => {
    const server = await start();
    const { error } = await new RawClient(server, { key }).next();
    expect(error).toMatchObject({ code: 40101, statusCode: 401 });
    const address = `${server.url}/channels/c/messages?format=${format}&key=${key}`;
    const answer = await fetch(address);
    expect([answer.status, answer.headers.get("x-ably-errorcode")]).toEqual([401, "40101"]);
  });

  it("can be a wildcard token with the clientId of the request", async () => {
    const server = await start();
    const params = { clientId: "*" };
    const client = realtime(server, {
      format,
      clientId: "ada",
      authCallback: signer(LOCAL_KEY, params),
    });
    await connected(client);
    expect(client.auth.clientId).toBe("ada");
  });
});
