import Ably from "ably";
import { describe, expect, it, vi } from "vitest";
import { Action } from "../../../local-ably/protocol.ts";
import {
  FORMATS,
  Inbox,
  RawClient,
  connected,
  cutSocketOf,
  inSeconds,
  jwt,
  keepAway,
  next,
  reached,
  realtime,
  refusal,
  rest,
  signer,
  start,
} from "./harness.ts";

const FAKE_KEY = "_____!ablyjs_test_fake-key____";

describe.each(FORMATS)("a connection in %s", (format) => {
  it("has an id and a key, and answers pings", async () => {
    const server = await start();
    const { connection } = await connected(realtime(server, { format }));
    expect(connection.id).toMatch(/^[\w-]{10,}$/);
    expect(connection.key).toMatch(/^[\w!-]+![\w!-]+$/);
    expect(await connection.ping()).toBeGreaterThanOrEqual(0);
  });

  it("is forgotten after a close", async () => {
    const server = await start();
    const client = await connected(realtime(server, { format }));
    const recover = client.connection.createRecoveryKey() ?? "";
    const closed = next(client.connection, "closed");
    client.close();
    await closed;
    await vi.waitFor(() => expect(server.faults.counts()).toEqual({ open: 0, waiting: 0 }));
    const later = await connected(realtime(server, { format, recover }));
    expect(later.connection.errorReason).toMatchObject({ code: 80008, statusCode: 400 });
  });

  it("resumes after a drop with its id, a new key, and all missed messages once and in order", async () => {
    const server = await start();
    const client = await connected(realtime(server, { format, disconnectedRetryTimeout: 50 }));
    const channel = client.channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    await channel.publish("0", "");
    const { id, key } = client.connection;

    const letBack = await keepAway(client, server);
    const publisher = rest(server, { format }).channels.get("c");
    await publisher.publish("1", "");
    await publisher.publish([{ name: "2" }, { name: "3" }]);
    letBack();
    const attached = next<Ably.ChannelStateChange>(channel, "attached");
    await reached(client, "connected");
    expect(client.connection.id).toBe(id);
    expect(client.connection.key).not.toBe(key);
    expect((await attached).resumed).toBe(true);
    await channel.publish("4", "");
    const messages = await seen.atLeast(5);
    expect(messages.map(({ name }) => name)).toEqual(["0", "1", "2", "3", "4"]);
  });

  it("gets a new id and 80008 if it returns too late, and its channels attach again", async () => {
    const server = await start({ connectionStateTtl: 50 });
    const client = await connected(realtime(server, { format, suspendedRetryTimeout: 50 }));
    const channel = client.channels.get("c");
    await channel.attach();
    const { id } = client.connection;
    const letBack = await keepAway(client, server);
    await vi.waitFor(() => expect(server.faults.counts().waiting).toBe(0));
    letBack();
    const { reason } = await next<Ably.ConnectionStateChange>(client.connection, "connected");
    expect(reason).toMatchObject({ code: 80008, statusCode: 400 });
    expect(client.connection.id).not.toBe(id);
    expect((await next<Ably.ChannelStateChange>(channel, "attached")).resumed).toBe(true);
  });

  it("can be recovered by another client, with its channels", async () => {
    const server = await start();
    const client = await connected(realtime(server, { format, disconnectedRetryTimeout: 60_000 }));
    await client.channels.get("c").attach();
    await client.channels.get("c").publish("before", "");
    const recover = client.connection.createRecoveryKey() ?? "";
    const { id, key } = client.connection;
    const letBack = await keepAway(client, server);
    await rest(server, { format }).channels.get("c").publish("missed", "");
    letBack();

    const heir = realtime(server, { format, recover });
    const seen = new Inbox<Ably.InboundMessage>();
    const change = await heir.channels.get("c").subscribe(seen.add);
    expect(change?.resumed).toBe(true);
    expect(heir.connection.id).toBe(id);
    expect(heir.connection.key).not.toBe(key);
    await heir.channels.get("c").publish("after", "");
    expect((await seen.atLeast(2)).map(({ name }) => name)).toEqual(["missed", "after"]);
  });

  it("is new, with 80018, if the recovery key is not valid", async () => {
    const server = await start();
    const recover = JSON.stringify({ connectionKey: FAKE_KEY, msgSerial: 7, channelSerials: {} });
    const client = await connected(realtime(server, { format, recover }));
    expect(client.connection.errorReason).toMatchObject({ code: 80018, statusCode: 400 });
    expect(client.connection.id).not.toContain("fake");
  });

  it("applies the capability of a new token at once", async () => {
    const server = await start();
    const capability = '{"kept":["subscribe"],"lost":["*"]}';
    const client = realtime(server, { format, params: { capability } });
    const [kept, lost] = [client.channels.get("kept"), client.channels.get("lost")];
    await Promise.all([kept.attach(), lost.attach()]);
    expect((await refusal(kept.publish("n", ""))).code).toBe(40160);

    const left = new Inbox<Ably.ConnectionStateChange>();
    client.connection.on("disconnected", left.add);
    const { id } = client.connection;
    const failed = next<Ably.ChannelStateChange>(lost, "failed");
    const authCallback = signer(undefined, { capability: { kept: ["publish", "subscribe"] } });
    await client.auth.authorize(undefined, { authCallback });
    expect((await failed).reason).toMatchObject({ code: 40160, statusCode: 401 });
    await kept.publish("n", "");
    expect(kept.state).toBe("attached");
    expect(client.connection.id).toBe(id);
    expect(left.all).toEqual([]);
  });

  it("is disconnected with 40142 when its token expires, and resumes with the next", async () => {
    const server = await start();
    const client = await connected(realtime(server, { format, params: { ttl: 300 } }));
    const { id } = client.connection;
    const { reason } = await next<Ably.ConnectionStateChange>(client.connection, "disconnected");
    expect(reason).toMatchObject({ code: 40142, statusCode: 401 });
    await reached(client, "connected");
    expect(client.connection.id).toBe(id);
  });

  it("fails at once, without retries, if the credentials are wrong", async () => {
    const server = await start();
    const token = jwt({ iat: inSeconds(0), exp: inSeconds(60) }, "no.such:key");
    const client = realtime(server, { format, token });
    const { reason } = await reached(client, "failed");
    expect(reason).toMatchObject({ code: 40400, statusCode: 404 });
  });
});

it("A connection renews its token before it expires, without a disconnection", async () => {
  const client = realtime(await start(), { params: { ttl: 6_000 } });
  await next(client.connection, "connected");
  const { current, reason } = await next<Ably.ConnectionStateChange>(client.connection, "update");
  expect([current, reason]).toEqual(["connected", undefined]);
});

describe("A connection on the protocol level", () => {
  it("starts with CONNECTED and Ably's limits", async () => {
    const server = await start();
    const { action, connectionId, connectionDetails } = await new RawClient(server).next();
    expect(action).toBe(Action.CONNECTED);
    expect(connectionId).toMatch(/^[\w-]{10,}$/);
    // https://ably.com/docs/platform/pricing/limits
    expect(connectionDetails).toEqual({
      clientId: "*",
      connectionKey: expect.stringMatching(/^[\w!-]+$/),
      connectionStateTtl: 120_000,
      maxFrameSize: 524_288,
      maxIdleInterval: 15_000,
      maxInboundRate: 50,
      maxMessageSize: 65_536,
      maxOutboundRate: 50,
      serverId: expect.any(String),
    });
  });

  it.each([
    [{ clientId: "ada" }, "ada"],
    [{ key: "", access_token: jwt({ iat: inSeconds(0), exp: inSeconds(60) }) }, undefined],
    [
      {
        key: "",
        accessToken: jwt({ iat: inSeconds(0), exp: inSeconds(60), "x-ably-clientId": "*" }),
      },
      "*",
    ],
  ])("has the clientId of %o", async (query, clientId) => {
    const { connectionDetails } = await new RawClient(await start(), query).next();
    expect(connectionDetails?.clientId).toBe(clientId);
  });

  it.each(["1.2", "2", "3", "4", "5", "6"])("speaks version %s", async (v) => {
    const { action } = await new RawClient(await start(), { v }).next();
    expect(action).toBe(Action.CONNECTED);
  });

  it.each(["", "1.0", "7"])("refuses version %o with 40017", async (v) => {
    const client = new RawClient(await start(), { v });
    expect(await client.next()).toMatchObject({ action: Action.ERROR, error: { code: 40017 } });
    await client.closed;
  });

  it("resumes version 1.2 as a new connection, which then attaches again", async () => {
    const server = await start();
    const first = new RawClient(server, { v: "1.2" });
    const { connectionId, connectionDetails } = await first.next();
    first.socket.terminate();
    await first.closed;
    const resume = String(connectionDetails?.connectionKey);
    const again = await new RawClient(server, { v: "1.2", resume }).next();
    expect(again.connectionId).not.toBe(connectionId);
    expect(again.error?.code).toBe(80008);
    const v6 = await new RawClient(server, { resume }).next();
    expect(v6).toMatchObject({ connectionId, action: Action.CONNECTED });
  });

  it("with bad credentials gets an ERROR without a channel, and is closed", async () => {
    const client = new RawClient(await start(), { key: "local.dev:wrong" });
    const frame = await client.next();
    expect(frame).toMatchObject({ action: Action.ERROR, error: { code: 40101, statusCode: 401 } });
    expect(frame).not.toHaveProperty("channel");
    expect(await client.closed).toBe(1005);
  });

  it("refuses a clientId that is not the token's with 40102", async () => {
    const access_token = jwt({ iat: inSeconds(0), exp: inSeconds(60), "x-ably-clientId": "ada" });
    const client = new RawClient(await start(), { key: "", access_token, clientId: "bob" });
    expect(await client.next()).toMatchObject({
      action: Action.ERROR,
      error: { code: 40102, statusCode: 401 },
    });
  });

  it.each([
    ["another clientId", "local.dev:s", "bob"],
    ["another key", "local.other:secret", "ada"],
  ])("ends with 40102 after AUTH with %s", async (_what, key, clientId) => {
    const server = await start({}, [
      { name: "local.dev", secret: "s", capability: { "*": ["*"] } },
      { name: "local.other", secret: "secret", capability: { "*": ["*"] } },
    ]);
    const client = new RawClient(server, { key: "local.dev:s", clientId: "ada" });
    await client.next();
    const claims = { iat: inSeconds(0), exp: inSeconds(60), "x-ably-clientId": clientId };
    const auth = { accessToken: jwt(claims, key) };
    const error = await client.ask({ action: Action.AUTH, auth });
    expect(error).toMatchObject({ action: Action.ERROR, error: { code: 40102 } });
    await client.closed;
  });

  it.each([
    ["none", {}],
    ["any", { "x-ably-clientId": "*" }],
    ["another", { "x-ably-clientId": "ada" }],
  ])("refuses a clientId in place of %s with 40102", async (_what, claims) => {
    const token = (own: object) => jwt({ iat: inSeconds(0), exp: inSeconds(60), ...own });
    const client = new RawClient(await start(), { key: "", access_token: token(claims) });
    await client.next();
    const auth = { accessToken: token({ "x-ably-clientId": "bob" }) };
    const answer = await client.ask({ action: Action.AUTH, auth });
    expect(answer).toMatchObject({ action: Action.ERROR, error: { code: 40102 } });
  });

  it("echoes a HEARTBEAT with its id", async () => {
    const client = new RawClient(await start());
    await client.next();
    const echo = await client.ask({ action: Action.HEARTBEAT, id: "mine" });
    expect(echo).toEqual({ action: Action.HEARTBEAT, id: "mine" });
  });

  it("with heartbeats=bounce stays open while it answers PING, and is cut when it does not", async () => {
    const server = await start({ maxIdleInterval: 50 });
    const client = new RawClient(server, { heartbeats: "bounce" });
    await client.next();
    const ids = new Set<unknown>();
    for (let i = 0; i < 4; i++) {
      const ping = await client.next();
      expect(ping).toEqual({ action: Action.PING, id: expect.any(String) });
      ids.add(ping.id);
      client.send({ action: Action.PONG, id: String(ping.id) });
    }
    expect(ids.size).toBe(4);
    // A PONG with another ID is none. The socket itself still answers pings.
    client.send({ action: Action.PONG, id: "other" });
    expect(await client.closed).toBe(1006);
  });

  it("gets HEARTBEAT frames, or only pings if it asks for none", async () => {
    const server = await start({ maxIdleInterval: 20 });
    const browser = new RawClient(server, { heartbeats: "true" });
    await browser.next();
    expect(await browser.next()).toEqual({ action: Action.HEARTBEAT });
    const node = new RawClient(server, { heartbeats: "false" });
    await next(node.socket as never, "ping");
    expect(node.inbox.all.map(({ action }) => action)).toEqual([Action.CONNECTED]);
  });

  it("is cut when pings are not answered, and can be resumed", async () => {
    const server = await start({ maxIdleInterval: 20 });
    const gone = new RawClient(server, {}, {}, [], { autoPong: false });
    await gone.next();
    expect(await gone.closed).toBe(1006);
    await vi.waitFor(() => expect(server.faults.counts()).toEqual({ open: 0, waiting: 1 }));
  });

  it.each([
    ["7000", 7_000],
    ["1", 5_000],
    ["9999999", 1_800_000],
  ])("keeps heartbeatInterval=%s within Ably's bounds", async (heartbeatInterval, expected) => {
    const { connectionDetails } = await new RawClient(await start(), { heartbeatInterval }).next();
    expect(connectionDetails?.maxIdleInterval).toBe(expected);
  });

  it.each([5, 10])(
    "does not at once ask a client with a token of %i s for a new one",
    async (s) => {
      const server = await start();
      const access_token = jwt({ iat: inSeconds(0), exp: inSeconds(s) });
      const client = new RawClient(server, { key: "", access_token });
      await client.next();
      // A request after 1 ms would arrive during so many round trips.
      for (let i = 0; i < 100; i++) {
        const echo = await client.ask({ action: Action.HEARTBEAT, id: `${i}` });
        expect(echo.action).toBe(Action.HEARTBEAT);
      }
    },
  );

  it("can be resumed after DISCONNECT, and not after CLOSE", async () => {
    const server = await start();
    const client = new RawClient(server);
    const { connectionId, connectionDetails } = await client.next();
    client.send({ action: Action.DISCONNECT });
    await client.closed;
    const resume = String(connectionDetails?.connectionKey);
    const second = new RawClient(server, { resume });
    expect((await second.next()).connectionId).toBe(connectionId);
    expect(await second.ask({ action: Action.CLOSE })).toEqual({ action: Action.CLOSED });
    await second.closed;
    const third = await new RawClient(server, { resume }).next();
    expect(third.connectionId).not.toBe(connectionId);
  });

  it("receives nothing after CLOSE", async () => {
    const server = await start();
    const client = new RawClient(server);
    await client.next();
    const messages = [{ name: "late" }];
    client.send({ action: Action.CLOSE });
    client.send({ action: Action.MESSAGE, channel: "c", msgSerial: 0, messages });
    await client.closed;
    expect((await rest(server).channels.get("c").history()).items).toEqual([]);
  });

  it("resumes after a close frame as after a cut", async () => {
    const server = await start();
    const client = new RawClient(server);
    const { connectionId, connectionDetails } = await client.next();
    client.socket.close();
    await client.closed;
    const resume = String(connectionDetails?.connectionKey);
    expect((await new RawClient(server, { resume }).next()).connectionId).toBe(connectionId);
  });

  it("is not given to another client that has its key", async () => {
    const server = await start();
    const { connectionId, connectionDetails } = await new RawClient(server, {
      clientId: "ada",
    }).next();
    const resume = String(connectionDetails?.connectionKey);
    const thief = await new RawClient(server, { resume, clientId: "bob" }).next();
    expect(thief).toMatchObject({ action: Action.ERROR, error: { code: 40102 } });
    const own = await new RawClient(server, { resume, clientId: "ada" }).next();
    expect(own.connectionId).toBe(connectionId);
  });

  it.each([
    ["a publish", {}],
    ["an ephemeral publish", { extras: { ephemeral: true } }],
  ])("acknowledges %s again if it is sent again, and delivers it once", async (_what, message) => {
    const server = await start({ maxInboundRate: 0.5 });
    const seen = new Inbox<Ably.InboundMessage>();
    await realtime(server).channels.get("c").subscribe(seen.add);
    const first = new RawClient(server);
    const { connectionDetails } = await first.next();
    const frame = {
      action: Action.MESSAGE,
      channel: "c",
      msgSerial: 0,
      messages: [{ name: "once", ...message }],
    };
    const ack = await first.ask(frame);
    expect(ack).toMatchObject({ action: Action.ACK, msgSerial: 0, count: 1 });
    first.socket.terminate();
    await first.closed;

    const second = new RawClient(server, { resume: String(connectionDetails?.connectionKey) });
    await second.next();
    // Repeats do not count in the rate.
    for (let i = 0; i < 3; i++) expect(await second.ask(frame)).toEqual(ack);
    await second.ask({ ...frame, msgSerial: 1, messages: [{ name: "end" }] });
    expect((await seen.atLeast(2)).map(({ name }) => name)).toEqual(["once", "end"]);
  });

  it("ignores an action that it does not know and that waits for no answer", async () => {
    const client = new RawClient(await start());
    await client.next();
    client.send({ action: 99, id: "of a newer protocol" });
    const echo = await client.ask({ action: Action.HEARTBEAT, id: "still open" });
    expect(echo).toEqual({ action: Action.HEARTBEAT, id: "still open" });
  });

  it.each([
    ["objects", { action: 19, channel: "c", msgSerial: 3, state: [] }],
    ["annotations", { action: 21, channel: "c", msgSerial: 3, annotations: [] }],
  ])("refuses %s with a NACK", async (_name, frame) => {
    const client = new RawClient(await start());
    await client.next();
    const nack = await client.ask(frame);
    expect(nack).toMatchObject({ action: Action.NACK, msgSerial: 3, error: { code: 40000 } });
  });

  it("ends with 40000 after an invalid frame", async () => {
    const client = new RawClient(await start());
    await client.next();
    client.socket.send("not JSON");
    expect(await client.next()).toMatchObject({ action: Action.ERROR, error: { code: 40000 } });
    await client.closed;
  });

  it("has no comet transport: its paths answer 40400", async () => {
    const server = await start();
    for (const path of ["/comet/connect", "/comet/abc/send"]) {
      const response = await fetch(server.url + path, { method: "POST" });
      expect(response.status).toBe(404);
      expect(response.headers.get("x-ably-errorcode")).toBe("40400");
    }
  });

  it("can be cut while it publishes", async () => {
    const server = await start();
    const client = await connected(realtime(server, { disconnectedRetryTimeout: 50 }));
    const channel = client.channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    const published = [channel.publish("1", ""), channel.publish("2", "")];
    cutSocketOf(client, server);
    published.push(channel.publish("3", ""));
    await Promise.all(published);
    await channel.publish("4", "");
    expect((await seen.atLeast(4)).map(({ name }) => name)).toEqual(["1", "2", "3", "4"]);
  });
});
