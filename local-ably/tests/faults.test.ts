import { request } from "node:http";
import Ably from "ably";
import { describe, expect, it, vi } from "vitest";
import { createServer } from "vite";
import { localAbly } from "../vite.ts";
import {
  Inbox,
  LOCAL_KEY,
  RawClient,
  atEnd,
  connected,
  next,
  reached,
  realtime,
  rest,
  signer,
  start,
} from "./harness.ts";

describe("a fault", () => {
  it("dropAll cuts everyone, who come back as they were", async () => {
    const server = await start();
    const clients = await Promise.all([connected(realtime(server)), connected(realtime(server))]);
    const ids = clients.map(({ connection }) => connection.id);
    const away = clients.map(({ connection }) => next(connection, "disconnected"));
    server.faults.dropAll();
    await Promise.all(away);
    for (const client of clients) await reached(client, "connected");
    expect(clients.map(({ connection }) => connection.id)).toEqual(ids);
  });

  it("drop cuts one, and counts tells who is open and who is awaited", async () => {
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

  it("refuseConnections keeps everyone out for a time", async () => {
    const server = await start();
    server.faults.refuseConnections(100);
    const since = Date.now();
    const client = realtime(server, { disconnectedRetryTimeout: 20 });
    await next(client.connection, "disconnected");
    await reached(client, "connected");
    expect(Date.now() - since).toBeGreaterThanOrEqual(99);
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

  it("hold keeps frames back until release, in their order", async () => {
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

  it("delay makes frames late, in their order even as it ends", async () => {
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

  it("forget does what a restart does: a gap that the client is told of", async () => {
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
});

/** With headers that fetch would not send, Host above all. */
function post(url: string, headers: Record<string, string>, method = "POST") {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let body = "";
      response.on("data", (chunk) => (body += String(chunk)));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("error", reject).end();
  });
}

it("alone, answers no page whose name was pointed at this machine", async () => {
  const { url, port } = await start();
  const ask = (host: string) => post(`${url}/time`, { host }, "GET");
  expect((await ask(`evil.example:${port}`)).status).toBe(403);
  for (const host of [`localhost:${port}`, `[::1]:${port}`, `192.168.1.5:${port}`, "ably:8889"]) {
    expect((await ask(host)).status).toBe(200);
  }
});

describe("in Vite, local Ably", () => {
  async function startVite() {
    const vite = await createServer({
      configFile: false,
      logLevel: "silent",
      server: { port: 0, host: "127.0.0.1" },
      plugins: [localAbly()],
    });
    atEnd(() => vite.close());
    await vite.listen();
    const address = vite.httpServer?.address();
    if (!address || typeof address === "string") throw new Error("Vite has no port");
    return { port: address.port, url: `http://127.0.0.1:${address.port}` };
  }

  it("answers beside the page, on its port", async () => {
    const server = await startVite();
    const channel = realtime(server).channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    await rest(server).channels.get("c").publish("n", "");
    await seen.atLeast(1);
  });

  it("leaves a visit to a page of the same path to the page", async () => {
    const { url } = await startVite();
    const accept = async (types: string) =>
      (await post(`${url}/time`, { accept: types }, "GET")).body;
    expect(await accept("text/html,*/*;q=0.8")).not.toMatch(/^\[\d+\]$/);
    expect(await accept("application/json")).toMatch(/^\[\d+\]$/);
  });

  it("leaves Vite's own socket, and those at other paths, to others", async () => {
    const { url } = await startVite();
    const hmr = new RawClient({ url }, {}, {}, ["vite-hmr"]);
    const other = new RawClient({ url: `${url}/chat` });
    const own = new RawClient({ url });
    expect((await own.next()).action).toBe(4);
    expect([...hmr.inbox.all, ...other.inbox.all].filter(({ action }) => action === 4)).toEqual([]);
  });

  it("refuses sockets of pages of other origins, even of this machine", async () => {
    const { url, port } = await startVite();
    for (const origin of ["https://example.com", `http://localhost:${port + 1}`, "null"]) {
      expect(await new RawClient({ url }, {}, { origin }).closed).toBe(403);
    }
    const rebound = { origin: `http://evil.example:${port}`, host: `evil.example:${port}` };
    expect(await new RawClient({ url }, {}, rebound).closed).toBe(403);
    for (const headers of [
      { origin: url },
      { origin: `http://192.168.1.5:${port}`, host: `192.168.1.5:${port}` },
      { origin: "https://forwarded.example", "x-forwarded-host": "forwarded.example" },
      {},
    ]) {
      expect((await new RawClient({ url }, {}, headers).next()).action).toBe(4);
    }
  });

  it("refuses REST to pages of other origins too", async () => {
    const { url, port } = await startVite();
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${url}/channels/room:lobby/messages?key=${LOCAL_KEY}`, { headers })).status;
    for (const origin of ["https://example.com", `http://localhost:${port + 1}`, "null"]) {
      expect(await ask({ origin })).toBe(403);
    }
    expect([await ask({ origin: url }), await ask({})]).toEqual([200, 200]);
  });

  it("offers the faults to its own page, by name", async () => {
    const server = await startVite();
    const client = await connected(realtime(server, { disconnectedRetryTimeout: 50 }));
    const fault = (query: string) =>
      post(`${server.url}/local-ably/faults/${query}`, {
        origin: server.url,
        "sec-fetch-site": "same-origin",
      });
    const counted = await fault("counts");
    expect(counted).toEqual({ status: 200, body: '{"open":1,"waiting":0}' });
    const states = new Inbox<Ably.ConnectionStateChange>();
    client.connection.on("disconnected", states.add);
    const id = encodeURIComponent(client.connection.id ?? "");
    for (const [index, query] of [
      "dropAll",
      `drop?connectionId=${id}`,
      `expireToken?connectionId=${id}`,
      "forget",
    ].entries()) {
      expect((await fault(query)).status).toBe(200);
      await states.atLeast(index + 1, query);
      await reached(client, "connected");
    }
    await fault("refuseConnections?ms=60000");
    await fault("dropAll");
    await states.atLeast(5);
    await fault("refuseConnections?ms=0");
    await reached(client, "connected");

    const channel = client.channels.get("c");
    await channel.attach();
    const detached = next(channel, "attaching");
    await fault("detach?channel=c");
    await detached;
    await fault("hold");
    const ping = client.connection.ping();
    await fault("release");
    await fault("delay?ms=50");
    expect(await ping).toBeGreaterThanOrEqual(0);
    expect(await client.connection.ping()).toBeGreaterThanOrEqual(49);
    expect((await fault("earthquake")).status).toBe(404);
  });

  it("refuses the faults to everyone else", async () => {
    const { url, port } = await startVite();
    const counts = `${url}/local-ably/faults/counts`;
    const own = { origin: url };
    const statusOf = async (headers: Record<string, string>, method?: string) =>
      (await post(counts, headers, method)).status;
    expect(await statusOf(own)).toBe(200);
    expect(await statusOf({ ...own, "x-forwarded-for": "127.0.0.1" })).toBe(200);
    // Not from this machine, behind a proxy that says so.
    expect(await statusOf({ ...own, "x-forwarded-for": "192.0.2.7" })).toBe(403);
    expect(await statusOf({ ...own, "x-forwarded-for": "127.0.0.1, 192.0.2.7" })).toBe(403);
    // Another origin, a page that a browser says is another, none, and a name that was rebound.
    expect(await statusOf({ origin: "https://example.com" })).toBe(403);
    expect(await statusOf({ origin: `http://127.0.0.1:${port + 1}` })).toBe(403);
    expect(await statusOf({ ...own, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await statusOf({})).toBe(403);
    const rebound = { origin: "http://rebound.test", "x-forwarded-host": "rebound.test" };
    expect(await statusOf(rebound)).toBe(403);
    expect(await statusOf(own, "GET")).toBe(403);
  });

  it("stays away while there is an ABLY_API_KEY, and from builds", () => {
    const { apply } = localAbly();
    if (typeof apply !== "function") throw new Error("The plugin always applies");
    const applies = (command: "serve" | "build") =>
      apply.call(undefined as never, {}, { command, mode: "test" });
    vi.stubEnv("ABLY_API_KEY", " ");
    expect([applies("serve"), applies("build")]).toEqual([true, false]);
    vi.stubEnv("ABLY_API_KEY", "app.key:secret");
    expect(applies("serve")).toBe(false);
    vi.unstubAllEnvs();
  });
});

describe("local Ably alone", () => {
  it("takes pages of any port of this machine, and of no other", async () => {
    const server = await start();
    for (const origin of ["http://localhost:3000", "http://127.0.0.1:1", "http://[::1]:5173"]) {
      expect((await new RawClient(server, {}, { origin }).next()).action).toBe(4);
    }
    for (const origin of ["https://example.com", "http://localhost.example.com", "null"]) {
      expect(await new RawClient(server, {}, { origin }).closed).toBe(403);
    }
  });
});
