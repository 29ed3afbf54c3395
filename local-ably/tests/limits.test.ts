import { once } from "node:events";
import { type Socket, connect } from "node:net";
import Ably from "ably";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { Action } from "../protocol.ts";
import {
  Inbox,
  LOCAL_KEY,
  RawClient,
  atEnd,
  connected,
  realtime,
  refusal,
  rest,
  start,
  watchForCrashes,
  within,
} from "./harness.ts";

type Server = Awaited<ReturnType<typeof start>>;

/** A bare TCP connection that says what it is told, and answers nothing. */
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

  it("an upgrade of which only half comes: it is dropped", async () => {
    const server = await start({ maxIdleInterval: 50 });
    for (const text of ["", "GET /?v=6 HTT", upgrade("/?v=6").slice(0, 60)]) {
      const socket = await open(server, text);
      socket.resume();
      await within(once(socket, "close"), `the end after ${JSON.stringify(text)}`);
    }
  });

  it("a line that went dead on a busy channel: it is cut", async () => {
    const server = await start({ maxIdleInterval: 50, maxInboundRate: 1e9 });
    const dead = new RawClient(server, {}, {}, [], { autoPong: false });
    await dead.next();
    await dead.ask({ action: Action.ATTACH, channel: "c" });
    const { channels } = await connected(realtime(server));
    let isOpen = true;
    void dead.closed.then(() => (isOpen = false));
    const since = Date.now();
    while (isOpen && Date.now() < since + 2_000) await channels.get("c").publish("n", "");
    expect(isOpen).toBe(false);
  });

  it("a reader that is too slow: it is cut", async () => {
    const server = await start({ maxBytesUnsent: 10_000, maxInboundRate: 1e9 });
    const slow = new RawClient(server);
    await slow.next();
    await slow.ask({ action: Action.ATTACH, channel: "c" });
    slow.socket.pause();
    const { channels } = await connected(realtime(server));
    // The system takes some megabytes off the server's hands first.
    for (let i = 0; i < 500 && server.faults.counts().waiting === 0; i++) {
      await channels.get("c").publish("n", "x".repeat(60_000));
    }
    expect(server.faults.counts()).toEqual({ open: 1, waiting: 1 });
  });

  it("addresses that are none, and clients that leave while they are refused", async () => {
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

  it("extras that nest too deep for msgpack, which it refuses for all", async () => {
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

it("takes a token as long as its capability makes it", async () => {
  const server = await start();
  const names = Array.from({ length: 500 }, (_, i) => `a-room-of-a-long-name-${i}`);
  const capability = Object.fromEntries(names.map((name) => [name, ["publish" as const]]));
  const { channels } = rest(server, { params: { capability } });
  await channels.get("a-room-of-a-long-name-499").publish("n", "");
  expect(
    (await rest(server).channels.get("a-room-of-a-long-name-499").history()).items,
  ).toHaveLength(1);
});

describe("beyond the limit", () => {
  it("of a frame, the socket is closed with 1009", async () => {
    const client = new RawClient(await start({ maxFrameSize: 1_000 }));
    await client.next();
    client.socket.send("x".repeat(1_001));
    expect([1006, 1009]).toContain(await client.closed);
  });

  it("of a body, a request is refused with 40009", async () => {
    const server = await start({ maxFrameSize: 1_000, maxMessageSize: 1e9 });
    const response = await fetch(`${server.url}/channels/c/messages?key=${LOCAL_KEY}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ data: "x".repeat(1_000_000) }),
    });
    expect([response.status, response.headers.get("x-ably-errorcode")]).toEqual([413, "40009"]);
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

  it("of channels, those that are idle make room, and then one is refused with 40114", async () => {
    const server = await start({ maxChannels: 2, messageTtl: 1_500 });
    const { channels } = rest(server);
    for (const name of ["1", "2"]) await channels.get(name).publish("n", "");
    expect(await refusal(channels.get("3").publish("n", ""))).toMatchObject({
      code: 40114,
      statusCode: 403,
    });
    const since = Date.now();
    while (Date.now() <= since + 1_500) await new Promise(setImmediate);
    await realtime(server).channels.get("3").attach();
    await channels.get("4").publish("n", "");
  });

  it("of connections, one is refused with 40111", async () => {
    const server = await start({ maxConnections: 1 });
    await new RawClient(server).next();
    const error = await new RawClient(server).next();
    expect(error).toMatchObject({ action: Action.ERROR, error: { code: 40111, statusCode: 403 } });
  });

  it("of what an app keeps, the channel that grows forgets its oldest", async () => {
    const server = await start({ maxBytesKept: 250 });
    const { channels } = rest(server);
    const data = "x".repeat(99);
    await channels.get("quiet").publish("0", data);
    for (const name of ["1", "2", "3"]) await channels.get("busy").publish(name, data);
    const kept = async (name: string) =>
      (await channels.get(name).history()).items.map((item) => item.name);
    expect([await kept("quiet"), await kept("busy")]).toEqual([["0"], ["3"]]);
  });

  it("of what an app keeps, first goes what is too old anywhere", async () => {
    const server = await start({ maxBytesKept: 150, messageTtl: 1_000 });
    const { channels } = rest(server);
    const data = "x".repeat(99);
    await channels.get("old").publish("0", data);
    const since = Date.now();
    while (Date.now() <= since + 1_000) await new Promise(setImmediate);
    await channels.get("new").publish("1", data);
    expect((await channels.get("new").history()).items).toHaveLength(1);
  });
});
