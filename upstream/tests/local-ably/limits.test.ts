import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import Ably from "ably";
import { describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { Action } from "../../../local-ably/protocol.ts";
import {
  Inbox,
  LOCAL_KEY,
  PATIENCE_MS,
  RawClient,
  advanceClock,
  atEnd,
  connected,
  realtime,
  refusal,
  rest,
  start,
  watchForCrashes,
  within,
} from "./harness.ts";

// Vitest's workers run without `--expose-gc`.
setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function usedHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

type Server = Awaited<ReturnType<typeof start>>;

/** Opens a TCP connection, and sends text on it. */
async function open(server: Server, text: string): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  atEnd(() => socket.destroy());
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

function upgrade(path: string, headers = ""): string {
  return (
    `GET ${path} HTTP/1.1\r\nhost: local\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
    `sec-websocket-version: 13\r\nsec-websocket-key: ${"A".repeat(22)}==\r\n${headers}\r\n`
  );
}

describe("local Ably survives", () => {
  it("1,000 connections at once, and forgets them when they close", async () => {
    const server = await start();
    const url = `${server.url.replace("http", "ws")}/?v=6&key=${LOCAL_KEY}`;
    const sockets = Array.from({ length: 1_000 }, () => new WebSocket(url));
    atEnd(() => sockets.forEach((socket) => socket.terminate()));
    await Promise.all(sockets.map((socket) => within(once(socket, "message"), "CONNECTED")));
    expect(server.faults.counts()).toEqual({ open: 1_000, waiting: 0 });
    const ended = sockets.map((socket) => once(socket, "close"));
    for (const socket of sockets) socket.send(JSON.stringify({ action: Action.CLOSE }));
    await within(Promise.all(ended), "the end of all");
    expect(server.faults.counts()).toEqual({ open: 0, waiting: 0 });
  });

  it("incomplete upgrades, which it cuts", async () => {
    const server = await start({ maxIdleInterval: 50 });
    for (const text of ["", "GET /?v=6 HTT", upgrade("/?v=6").slice(0, 60)]) {
      const socket = await open(server, text);
      socket.resume();
      await within(once(socket, "close"), `the end after ${JSON.stringify(text)}`);
    }
  });

  it("a dead connection on a busy channel, which it cuts", async () => {
    const server = await start({ maxIdleInterval: 50, maxInboundRate: 1e9 });
    const dead = new RawClient(server, {}, {}, [], { autoPong: false });
    await dead.next();
    await dead.ask({ action: Action.ATTACH, channel: "c" });
    const { channels } = await connected(realtime(server));
    let isOpen = true;
    void dead.closed.then(() => {
      isOpen = false;
    });
    const since = Date.now();
    while (isOpen && Date.now() < since + PATIENCE_MS) await channels.get("c").publish("n", "");
    expect(isOpen).toBe(false);
  });

  it("a client that reads too slowly, which it cuts", async () => {
    const server = await start({ maxBytesUnsent: 10_000, maxInboundRate: 1e9 });
    const slow = new RawClient(server);
    await slow.next();
    await slow.ask({ action: Action.ATTACH, channel: "c" });
    slow.socket.pause();
    const { channels } = await connected(realtime(server));
    // The system buffers some megabytes first.
    for (let i = 0; i < 500 && server.faults.counts().waiting === 0; i++) {
      await channels.get("c").publish("n", "x".repeat(60_000));
    }
    expect(server.faults.counts()).toEqual({ open: 1, waiting: 1 });
  });

  it("invalid addresses, and clients that leave while they are refused", async () => {
    const crashes = watchForCrashes();
    const server = await start();
    for (const path of ["//", "//[", "/%", "http://[", "*", "/?v=%E0%A4%A"]) {
      const socket = await open(server, upgrade(path));
      await within(once(socket, "data"), `an answer to ${path}`);
      socket.destroy();
      (await open(server, `GET ${path} HTTP/1.1\r\nhost: local\r\n\r\n`)).end();
    }
    for (const headers of ["origin: https://example.com\r\n", ""]) {
      const text = upgrade("/?v=6", headers).repeat(10);
      for (let i = 0; i < 20; i++) (await open(server, text)).resetAndDestroy();
    }
    await connected(realtime(server));
    expect(crashes).toEqual([]);
  });

  it("extras that are too deep for msgpack, which it refuses", async () => {
    const server = await start();
    const seen = new Inbox<Ably.InboundMessage>();
    await realtime(server, { format: "msgpack" }).channels.get("c").subscribe(seen.add);
    const { channels } = await connected(realtime(server));
    const extras = JSON.parse('{"a":'.repeat(98) + "1" + "}".repeat(98)) as object;
    const error = await refusal(channels.get("c").publish({ name: "deep", extras }));
    expect(error).toMatchObject({ code: 40000, statusCode: 400 });
    await channels.get("c").publish("after", "");
    expect((await seen.atLeast(1)).map(({ name }) => name)).toEqual(["after"]);
  });
});

it("Local Ably accepts a token with a long capability", async () => {
  const server = await start();
  const names = Array.from({ length: 500 }, (_, i) => `a-room-of-a-long-name-${i}`);
  const capability = Object.fromEntries(names.map((name) => [name, ["publish" as const]]));
  const { channels } = rest(server, { params: { capability } });
  await channels.get("a-room-of-a-long-name-499").publish("n", "");
  expect(
    (await rest(server).channels.get("a-room-of-a-long-name-499").history()).items,
  ).toHaveLength(1);
});

describe("Beyond the limit", () => {
  it("of a frame, the socket is closed with 1009", async () => {
    const client = new RawClient(await start({ maxFrameSize: 1_000 }));
    await client.next();
    client.socket.send("x".repeat(1_001));
    expect([1006, 1009]).toContain(await client.closed);
  });

  it("of a body, a request is refused with 40009, and its connection is closed", async () => {
    const server = await start({ maxFrameSize: 1_000, maxMessageSize: 1e9 });
    const path = `/channels/c/messages?key=${LOCAL_KEY}`;
    const head = `POST ${path} HTTP/1.1\r\nhost: local\r\ncontent-type: application/json\r\n`;
    const socket = await open(server, `${head}content-length: 1000000\r\n\r\n${"x".repeat(2_000)}`);
    const [answer] = await within(once(socket, "data"), "an answer before the body is complete");
    expect(String(answer)).toContain("HTTP/1.1 413");
    expect(String(answer)).toContain("x-ably-errorcode: 40009");
    expect(String(answer).toLowerCase()).toContain("connection: close");
    const isEnded = within(once(socket, "end"), "the end of the connection");
    socket.write("x".repeat(998_000));
    await isEnded;
    const client = rest(server);
    expect((await refusal(client.channels.get("c").publish("n", "x".repeat(1e6)))).code).toBe(
      40009,
    );
    await client.channels.get("c").publish("n", "");
  });

  it("of a message, presence is refused with 40009 too", async () => {
    const server = await start({ maxMessageSize: 1_000 });
    const client = new RawClient(server, { clientId: "ada" });
    await client.next();
    await client.ask({ action: Action.ATTACH, channel: "c" });
    const presence = [{ action: 2, data: "x".repeat(1_001) }];
    const nack = await client.ask({
      action: Action.PRESENCE,
      channel: "c",
      msgSerial: 0,
      presence,
    });
    expect(nack).toMatchObject({ action: Action.NACK, error: { code: 40009, statusCode: 413 } });
  });

  it("of a name, a channel is refused with 40010", async () => {
    const { channels } = realtime(await start());
    await channels.get("x".repeat(2_048)).attach();
    expect(await refusal(channels.get("x".repeat(2_049)).attach())).toMatchObject({ code: 40010 });
  });

  it("of channels that people are in, one is refused with 40114", async () => {
    const server = await start({ maxChannels: 2 });
    const { channels } = realtime(server);
    for (const name of ["1", "2"]) await channels.get(name).attach();
    const error = await refusal(rest(server).channels.get("3").publish("n", ""));
    expect(error).toMatchObject({ code: 40114, statusCode: 403 });
    await channels.get("1").detach();
    await channels.get("3").attach();
  });

  it("of channels, a client that fills them loses its own, and then the oldest without people go", async () => {
    const server = await start({ maxChannels: 10, maxIdleChannelsPerClient: 3 });
    const ada = realtime(server, { clientId: "ada" }).channels;
    await ada.get("people").presence.enter();
    for (const name of ["people", "quiet"]) await ada.get(name).publish("kept", "");
    await ada.get("quiet").detach();
    const fill = async (clientId: string) => {
      const names = Array.from({ length: 100 }, (_, i) => `${clientId}-${i}`);
      const batch = { channels: names, messages: [{ data: "" }] };
      const { successCount } = await rest(server, { params: { clientId } }).batchPublish(batch);
      expect(successCount).toBe(100);
      return names;
    };
    const keptOf = async (names: string[]) => {
      const { channels } = rest(server, { params: { clientId: "reader" } });
      const pages = names.map((name) => channels.get(name).history());
      const counts = (await Promise.all(pages)).map(({ items }) => items.length);
      return names.filter((_, i) => counts[i]);
    };
    const names = await fill("eve");
    // What nobody is in is read last: reading it makes channels, too.
    expect(await keptOf(["people", "quiet", ...names.slice(-3)])).toHaveLength(5);
    expect(await keptOf([names[96] ?? ""])).toEqual([]);
    for (const clientId of ["mallory", "trudy"]) await fill(clientId);
    await realtime(server, { clientId: "bob" }).channels.get("new").attach();
    expect(await keptOf(["people"])).toEqual(["people"]);
    expect(await keptOf(["quiet"])).toEqual([]);
  });

  it("of connections, one is refused with 40111", async () => {
    const server = await start({ maxConnections: 1 });
    await new RawClient(server).next();
    const error = await new RawClient(server).next();
    expect(error).toMatchObject({ action: Action.ERROR, error: { code: 40111, statusCode: 403 } });
  });

  it("of kept memory, the channel that grows forgets its oldest messages", async () => {
    const server = await start({ maxBytesKept: 2_500 });
    const { channels } = rest(server);
    const data = "x".repeat(99);
    await channels.get("quiet").publish("0", data);
    for (const name of ["1", "2", "3"]) await channels.get("busy").publish(name, data);
    const kept = async (name: string) =>
      (await channels.get(name).history()).items.map((item) => item.name);
    expect([await kept("quiet"), await kept("busy")]).toEqual([["0"], ["3"]]);
  });

  it("of kept memory, the channel that keeps most makes room for the others", async () => {
    const server = await start({ maxBytesKept: 2_500 });
    const { channels } = rest(server);
    for (const name of ["1", "2"]) await channels.get("busy").publish(name, "x".repeat(99));
    await channels.get("quiet").publish("0", "x".repeat(99));
    const kept = async (name: string) =>
      (await channels.get(name).history()).items.map((item) => item.name);
    expect([await kept("quiet"), await kept("busy")]).toEqual([["0"], ["2"]]);
  });

  it("of kept memory, expired messages of all channels are forgotten first", async () => {
    const server = await start({ maxBytesKept: 1_500 });
    const { channels } = rest(server);
    const data = "x".repeat(99);
    await channels.get("old").publish("0", data);
    advanceClock(120_001);
    await channels.get("new").publish("1", data);
    expect((await channels.get("new").history()).items).toHaveLength(1);
  });
});

describe("Whatever one token sends,", () => {
  const post = (server: Server, body: unknown) =>
    fetch(`${server.url}/channels/c/messages?key=${LOCAL_KEY}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const codeOf = async (response: Promise<Response>) =>
    Number((await response).headers.get("x-ably-errorcode"));

  it("a publish has at most 1,000 messages", async () => {
    const server = await start();
    const messages = (count: number) => Array.from({ length: count }, () => ({}));
    expect((await post(server, messages(1_000))).status).toBe(201);
    expect(await codeOf(post(server, messages(1_001)))).toBe(40009);
  });

  it("an id and an encoding have at most 256 characters", async () => {
    const server = await start();
    const text = "x".repeat(256);
    expect((await post(server, { id: text, encoding: text })).status).toBe(201);
    expect(await codeOf(post(server, { id: `${text}x` }))).toBe(40031);
    expect(await codeOf(post(server, [{ id: `${text}:0` }, { id: `${text}:1` }]))).toBe(40031);
    expect(await codeOf(post(server, { encoding: `${text}x` }))).toBe(40013);
  });

  it("an id does not start with the ID of another connection", async () => {
    const server = await start();
    const victim = await connected(realtime(server));
    const id = `${victim.connection.id}:0:0`;
    expect(await codeOf(post(server, { id }))).toBe(40031);
    const attacker = await connected(realtime(server));
    const error = await refusal(attacker.channels.get("c").publish({ id, data: "stolen" }));
    expect(error).toMatchObject({ code: 40031, statusCode: 400 });
    await victim.channels.get("c").publish("mine", "kept");
    await victim.channels.get("c").publish({ id: `${victim.connection.id}:own`, name: "own" });
    const { items } = await rest(server).channels.get("c").history();
    expect(items.map(({ name }) => name)).toEqual(["own", "mine"]);
  });

  it.each(["vcdiff", "vcdiff/base64", "json/vcdiff", "~vcdiff", "vcdiff+x"])(
    "no message and no member with the encoding %s reaches a subscriber",
    async (encoding) => {
      const server = await start();
      expect(await codeOf(post(server, { data: "eA==", encoding }))).toBe(40013);
      const client = new RawClient(server, { clientId: "eve" });
      await client.next();
      await client.ask({ action: Action.ATTACH, channel: "c" });
      const presence = [{ action: 2, data: "x", encoding }];
      const frame = { action: Action.PRESENCE, channel: "c", msgSerial: 0, presence };
      expect(await client.ask(frame)).toMatchObject({
        action: Action.NACK,
        error: { code: 40013 },
      });
      expect((await post(server, { data: "x", encoding: "vcdiffs" })).status).toBe(201);
    },
  );

  it("no message with a delta reaches a subscriber", async () => {
    const server = await start();
    expect(await codeOf(post(server, { extras: { delta: { from: "x" } } }))).toBe(40032);
  });

  it("ids, encodings and each message count as kept memory", async () => {
    const server = await start({ maxBytesKept: 10_000 });
    const { channels } = rest(server);
    for (const message of [{}, { id: "x" }, { encoding: "e".repeat(256) }]) {
      for (let i = 0; i < 20; i++) {
        const own = "id" in message ? { id: `${i}:${"x".repeat(240)}` } : message;
        await channels.get("c").publish(own);
      }
    }
    const { items } = await channels.get("c").history({ limit: 1_000 });
    expect(items.length).toBeGreaterThan(3);
    expect(items.length).toBeLessThan(12);
  });

  it("messages and presence share the rate of a connection, which is measured over 6 s", async () => {
    const server = await start({ maxInboundRate: 3 });
    const channel = realtime(server, { clientId: "ada" }).channels.get("c");
    const update = () => channel.presence.update("");
    const fill = async (count: number) => {
      for (let i = 0; i < count; i++) await (i % 2 ? channel.publish("n", "") : update());
      return refusal(update());
    };
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    atEnd(() => vi.useRealTimers());
    expect(await fill(18)).toMatchObject({ code: 42911, statusCode: 429 });
    // Three a second again, and no second burst.
    vi.setSystemTime(Date.now() + 1_000);
    expect((await fill(3)).code).toBe(42911);
    vi.setSystemTime(Date.now() + 60_000);
    expect((await fill(18)).code).toBe(42911);
  });

  it("the data of all members is bounded", async () => {
    const server = await start({ maxBytesPresent: 3_000 });
    const client = realtime(server, { params: { clientId: "*" } });
    const { presence } = client.channels.get("c");
    await presence.enterClient("a", "x".repeat(1_000));
    const error = await refusal(presence.enterClient("b", "x".repeat(1_000)));
    expect(error).toMatchObject({ code: 91003 });
    await presence.leaveClient("a");
    await presence.enterClient("b", "x".repeat(1_000));
    await presence.updateClient("b", "x".repeat(10));
    await presence.enterClient("c", "");
  });

  it("a nonce has at most 256 characters, and token requests are counted", async () => {
    const server = await start({ maxTokenRequests: 2 });
    const token = async (nonce?: string) => {
      const { auth } = new Ably.Rest({ key: LOCAL_KEY, logLevel: 0 });
      const request = await auth.createTokenRequest(nonce ? ({ nonce } as never) : undefined);
      const body = JSON.stringify(request);
      const headers = { "content-type": "application/json" };
      const url = `${server.url}/keys/${request.keyName}/requestToken`;
      return fetch(url, { method: "POST", headers, body });
    };
    expect((await token("x".repeat(256))).status).toBe(201);
    expect(await codeOf(token("x".repeat(257)))).toBe(40105);
    expect((await token()).status).toBe(201);
    expect(await codeOf(token())).toBe(42910);
  });

  it("a body is received only with credentials", async () => {
    const server = await start();
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nhost: local\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n`;
    for (const [path, status] of [
      ["/channels/c/messages", 401],
      [`/channels/c/messages?key=${LOCAL_KEY}x`, 401],
      ["/keys/no.key/requestToken", 404],
      ["/messages", 401],
    ] as const) {
      const socket = await open(server, head(path));
      const [answer] = await within(once(socket, "data"), `an answer to ${path}`);
      expect(String(answer)).toContain(`HTTP/1.1 ${status}`);
    }
  });

  it("bodies that are being received are bounded", async () => {
    const server = await start({ maxBytesBeingReceived: 1_000 });
    const half = `POST /channels/c/messages?key=${LOCAL_KEY} HTTP/1.1\r\nhost: local\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n`;
    const first = await open(server, half + "x".repeat(900));
    // When another request is refused, this part has arrived.
    let code = 0;
    while (code === 0) code = await codeOf(post(server, { data: "x".repeat(200) }));
    expect(code).toBe(50003);
    first.destroy();
    await expect.poll(() => post(server, {}).then(({ status }) => status)).toBe(201);
  });

  it("frames that wait for all slow clients are bounded", async () => {
    const server = await start({ maxBytesUnsentInTotal: 200_000, maxInboundRate: 1e9 });
    const readers = [new RawClient(server), new RawClient(server)];
    for (const reader of readers) {
      await reader.next();
      await reader.ask({ action: Action.ATTACH, channel: "c" });
      reader.socket.pause();
    }
    const { channels } = await connected(realtime(server));
    for (let i = 0; i < 500 && server.faults.counts().waiting < 2; i++) {
      await channels.get("c").publish("n", "x".repeat(60_000));
    }
    expect(server.faults.counts()).toEqual({ open: 1, waiting: 2 });
  });

  it("what is kept for the answers to a connection does not grow with what it publishes", async () => {
    const server = await start({ maxInboundRate: 1e9, maxBytesKept: 100_000 });
    const done = new Inbox<Ably.InboundMessage>();
    await realtime(server).channels.get("done").subscribe(done.add);
    const clients = Array.from({ length: 5 }, () => new RawClient(server));
    for (const client of clients) await client.next();
    const before = usedHeap();
    for (const client of clients) {
      client.socket.pause();
      for (let msgSerial = 0; msgSerial < 100; msgSerial++) {
        const messages = Array(500).fill({});
        client.send({ action: Action.MESSAGE, channel: "c", msgSerial, messages });
      }
      const last = { action: Action.MESSAGE, channel: "done", msgSerial: 100, messages: [{}] };
      client.send(last);
    }
    await done.atLeast(clients.length);
    // 500 answers, and serials of 70 bytes for 250,000 messages.
    expect(usedHeap() - before).toBeLessThan(8_000_000);
  });

  it("answers that wait for slow readers are bounded, and are given up", async () => {
    const server = await start({ maxBytesUnsentInTotal: 100_000, maxIdleInterval: 1_000 });
    const { channels } = rest(server);
    for (let i = 0; i < 20; i++) {
      await channels.get("c").publish(Array(10).fill({ data: "\u0001".repeat(6_000) }));
    }
    const path = `/channels/c/history?limit=1000&key=${LOCAL_KEY}`;
    const slow = await open(server, `GET ${path} HTTP/1.1\r\nhost: local\r\n\r\n`);
    slow.pause();
    const answer = () =>
      fetch(`${server.url}/time`)
        .then(({ ok }) => ok)
        .catch(() => false);
    await expect.poll(answer).toBe(false);
    await expect.poll(answer).toBe(true);
  });

  // Node queues such answers, and does not say when their connection ends: nothing counts them.
  it("a connection that sends a request before it has its answer is cut", async () => {
    const server = await start();
    const socket = await open(server, "GET /time HTTP/1.1\r\nhost: local\r\n\r\n".repeat(2));
    const answers = new Inbox<Buffer>();
    socket.on("data", answers.add);
    await within(once(socket, "close"), "the end of the connection");
    expect(answers.all).toEqual([]);
    expect((await fetch(`${server.url}/time`)).status).toBe(200);
  });

  it("the body of a token request is small", async () => {
    const server = await start();
    const body = JSON.stringify({ nonce: "x".repeat(70_000) });
    const headers = { "content-type": "application/json" };
    const url = `${server.url}/keys/local.dev/requestToken`;
    expect(await codeOf(fetch(url, { method: "POST", headers, body }))).toBe(40009);
  });

  it("connections that were dropped make room for new ones", async () => {
    const server = await start({ maxConnections: 2 });
    const dropped = new RawClient(server);
    await dropped.next();
    await new RawClient(server).next();
    dropped.socket.terminate();
    await dropped.closed;
    await expect.poll(() => server.faults.counts()).toEqual({ open: 1, waiting: 1 });
    expect((await new RawClient(server).next()).action).toBe(Action.CONNECTED);
    expect(server.faults.counts()).toEqual({ open: 2, waiting: 0 });
  });
});
