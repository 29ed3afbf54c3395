import Ably from "ably";
import { describe, expect, it, vi } from "vitest";
import { Action } from "../../../local-ably/protocol.ts";
import {
  Inbox,
  RawClient,
  advanceClock,
  connected,
  next,
  reached,
  realtime,
  rest,
  signer,
  start,
} from "./harness.ts";

describe("a fault", () => {
  it("dropAll cuts all sockets, and clients resume", async () => {
    const server = await start();
    const clients = await Promise.all([connected(realtime(server)), connected(realtime(server))]);
    const ids = clients.map(({ connection }) => connection.id);
    const away = clients.map(({ connection }) => next(connection, "disconnected"));
    server.faults.dropAll();
    await Promise.all(away);
    for (const client of clients) await reached(client, "connected");
    expect(clients.map(({ connection }) => connection.id)).toEqual(ids);
  });

  it("drop cuts one socket, and counts tells open and waiting connections", async () => {
    const server = await start();
    const [ada, bob] = [await connected(realtime(server)), await connected(realtime(server))];
    expect(server.faults.counts()).toEqual({ open: 2, waiting: 0 });
    const away = next(ada.connection, "disconnected");
    server.faults.refuseConnections(60_000);
    server.faults.drop(ada.connection.id ?? "");
    await away;
    expect(server.faults.counts()).toEqual({ open: 1, waiting: 1 });
    expect(bob.connection.state).toBe("connected");
    expect(() => server.faults.drop("nobody")).toThrow(/nobody/);
  });

  it("refuseConnections refuses sockets for a time", async () => {
    const server = await start();
    server.faults.refuseConnections(60_000);
    const client = realtime(server, { disconnectedRetryTimeout: 20 });
    await next(client.connection, "disconnected");
    await next(client.connection, "disconnected");
    advanceClock(60_000);
    await reached(client, "connected");
  });

  it("expireToken disconnects with 40142, and the client renews its token", async () => {
    const server = await start();
    const authCallback = vi.fn(signer());
    const client = await connected(realtime(server, { authCallback }));
    const { id } = client.connection;
    const away = next<Ably.ConnectionStateChange>(client.connection, "disconnected");
    server.faults.expireToken(id ?? "");
    expect((await away).reason).toMatchObject({ code: 40142, statusCode: 401 });
    await reached(client, "connected");
    expect(client.connection.id).toBe(id);
    expect(authCallback).toHaveBeenCalledTimes(2);
  });

  it("detach and fail end a channel for all its clients, which can attach again", async () => {
    const server = await start();
    const channels = [realtime(server), realtime(server)].map(({ channels }) => channels.get("c"));
    for (const channel of channels) await channel.attach();
    const again = channels.map((channel) => next<Ably.ChannelStateChange>(channel, "attached"));
    server.faults.detach("c");
    await Promise.all(again);
    const failed = channels.map((channel) => next<Ably.ChannelStateChange>(channel, "failed"));
    server.faults.fail("c");
    for (const { reason } of await Promise.all(failed)) expect(reason?.code).toBe(42910);
    for (const channel of channels) await channel.attach();
  });

  it("hold keeps frames back until release, in order", async () => {
    const server = await start();
    const channel = realtime(server).channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    server.faults.hold();
    const publisher = rest(server).channels.get("c");
    for (const name of ["1", "2", "3"]) await publisher.publish(name, "");
    expect(seen.all).toEqual([]);
    server.faults.release();
    expect((await seen.atLeast(3)).map(({ name }) => name)).toEqual(["1", "2", "3"]);
  });

  it("delay makes frames late, and keeps their order when it ends", async () => {
    const server = await start();
    const channel = realtime(server).channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    const publisher = rest(server).channels.get("c");
    const since = Date.now();
    server.faults.delay(100);
    await publisher.publish("late", "");
    server.faults.delay(0);
    await publisher.publish("after", "");
    expect((await seen.atLeast(2)).map(({ name }) => name)).toEqual(["late", "after"]);
    expect(Date.now() - since).toBeGreaterThanOrEqual(99);
  });

  it("forget acts like a restart, and clients learn of the gap", async () => {
    const server = await start();
    const client = await connected(realtime(server));
    const channel = client.channels.get("c");
    await channel.attach();
    await channel.publish("before", "");
    const { id } = client.connection;
    const update = next<Ably.ChannelStateChange>(channel, "attached");
    const back = next<Ably.ConnectionStateChange>(client.connection, "connected");
    server.faults.forget();
    expect((await back).reason).toMatchObject({ code: 80018 });
    expect(client.connection.id).not.toBe(id);
    const { resumed, reason } = await update;
    expect([resumed, reason?.code]).toEqual([false, 90003]);
    expect((await channel.history()).items).toEqual([]);
  });

  it.each([
    ["the encoding vcdiff", { data: "x", encoding: "vcdiff" }],
    ["a delta", { extras: { delta: { from: "nobody", format: "vcdiff" } } }],
  ])("acceptUndecodable delivers %s, until it is off", async (_what, message) => {
    const server = await start();
    const seen = new RawClient(server);
    await seen.next();
    await seen.ask({ action: Action.ATTACH, channel: "c" });
    const { channels } = rest(server);
    const publish = () => channels.get("c").publish({ name: "n", ...message });
    await expect(publish()).rejects.toThrow();
    server.faults.acceptUndecodable();
    await publish();
    expect((await seen.next()).messages).toMatchObject([message]);
    server.faults.acceptUndecodable("false");
    await expect(publish()).rejects.toThrow();
  });
});
