import Ably from "ably";
import { describe, expect, it, vi } from "vitest";
import { type ServerOptions, createServer } from "vite";
import { localAbly } from "../../../local-ably/vite.ts";
import {
  Inbox,
  LOCAL_KEY,
  RawClient,
  atEnd,
  connected,
  next,
  realtime,
  rest,
  send,
} from "./harness.ts";

describe("in Vite, local Ably", () => {
  async function startVite(options: ServerOptions = {}) {
    const vite = await createServer({
      configFile: false,
      logLevel: "silent",
      server: { port: 0, host: "127.0.0.1", ...options },
      plugins: [localAbly()],
    });
    atEnd(() => vite.close());
    await vite.listen();
    const address = vite.httpServer?.address();
    if (!address || typeof address === "string") throw new Error("Vite has no port");
    return { port: address.port, url: `http://127.0.0.1:${address.port}` };
  }

  it("answers on the port of the page", async () => {
    const server = await startVite();
    const channel = realtime(server).channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    await rest(server).channels.get("c").publish("n", "");
    await seen.atLeast(1);
  });

  it("leaves visits at the same paths, and parts of pages, to the page", async () => {
    const { url } = await startVite();
    const ask = async (headers: Record<string, string>) =>
      (await send(`${url}/time`, headers)).body;
    expect(await ask({ accept: "text/html,*/*;q=0.8" })).not.toMatch(/^\[\d+\]$/);
    expect(await ask({ accept: "*/*", "sec-fetch-dest": "script" })).not.toMatch(/^\[\d+\]$/);
    expect(await ask({ accept: "*/*", "sec-fetch-dest": "empty" })).toMatch(/^\[\d+\]$/);
    expect(await ask({ accept: "application/json" })).toMatch(/^\[\d+\]$/);
  });

  it("leaves sockets of Vite and at other paths alone", async () => {
    const { url } = await startVite();
    const hmr = new RawClient({ url }, {}, {}, ["vite-hmr"]);
    const other = new RawClient({ url: `${url}/chat` });
    const own = new RawClient({ url });
    expect((await own.next()).action).toBe(4);
    expect([...hmr.inbox.all, ...other.inbox.all].filter(({ action }) => action === 4)).toEqual([]);
  });

  it("refuses pages of other origins, even of this machine", async () => {
    const { url, port } = await startVite();
    const history = `${url}/channels/room:lobby/messages?key=${LOCAL_KEY}`;
    for (const origin of ["https://example.com", `http://localhost:${port + 1}`, "null"]) {
      expect(await new RawClient({ url }, {}, { origin }).closed).toBe(403);
      expect((await send(history, { origin })).status).toBe(403);
    }
    for (const headers of [{ origin: url }, {}]) {
      expect((await new RawClient({ url }, {}, headers).next()).action).toBe(4);
      expect((await send(history, headers)).status).toBe(200);
    }
  });

  it.each([
    "192.168.1.5",
    "[fd00:1:2:3:4:5:6:7]",
    "my-laptop.local",
    "devbox",
    "host.docker.internal",
    "app.localhost",
  ])("answers the page at http://%s, a host that nobody on the web can own", async (hostname) => {
    const { url, port } = await startVite();
    const host = `${hostname}:${port}`;
    for (const headers of [{ host, origin: `http://${host}` }, { host }]) {
      expect((await new RawClient({ url }, {}, headers).next()).action).toBe(4);
    }
  });

  it.each([
    ["of a public name that was pointed at this machine", "http:", {}],
    ["of such a name that claims to be forwarded", "http:", { "x-forwarded-host": "localhost" }],
    ["of such a name without an Origin", undefined, { "x-forwarded-host": "localhost" }],
  ])("refuses the page %s (DNS rebinding)", async (_what, protocol, forwarded) => {
    const { url, port } = await startVite();
    const host = `evil.example:${port}`;
    const origin = protocol && { origin: `${protocol}//${host}` };
    const socket = new RawClient({ url }, {}, { host, ...origin, ...forwarded } as never);
    expect(await socket.closed).toBe(403);
  });

  it("answers a page behind a tunnel: HTTPS proves its name", async () => {
    const { url } = await startVite();
    const origin = "https://forwarded.example";
    const forwarded = { origin, "x-forwarded-host": "forwarded.example" };
    for (const headers of [forwarded, { origin, host: "forwarded.example" }]) {
      expect((await new RawClient({ url }, {}, headers).next()).action).toBe(4);
    }
    const get = { host: "forwarded.example", "sec-fetch-site": "same-origin" };
    expect((await new RawClient({ url }, {}, get).next()).action).toBe(4);
  });

  it("answers pages at the hosts that Vite allows", async () => {
    const { url, port } = await startVite({ allowedHosts: [".dev.example", "one.example"] });
    const closed = async (host: string) => {
      const socket = new RawClient({ url }, {}, { host, origin: `http://${host}` });
      return Promise.race([socket.closed, socket.next().then(({ action }) => action)]);
    };
    for (const name of ["dev.example", "ada.dev.example", "one.example"]) {
      expect(await closed(`${name}:${port}`)).toBe(4);
    }
    for (const name of ["evildev.example", "a.one.example"]) {
      expect(await closed(`${name}:${port}`)).toBe(403);
    }
    const everyone = await startVite({ allowedHosts: true });
    const any = { host: "any.example", origin: "http://any.example" };
    expect((await new RawClient(everyone, {}, any).next()).action).toBe(4);
  });

  it("offers all faults to its own page", async () => {
    const server = await startVite();
    const fault = (query: string) =>
      send(
        `${server.url}/local-ably/faults/${query}`,
        { origin: server.url, "sec-fetch-site": "same-origin" },
        "POST",
      );
    for (const name of ["dropAll", "drop", "expireToken", "forget"]) {
      const client = new RawClient(server);
      const { connectionId = "" } = await client.next();
      const query = `connectionId=${encodeURIComponent(connectionId)}`;
      expect((await fault(`${name}?${query}`)).status).toBe(200);
      await client.closed;
    }
    await fault("refuseConnections?ms=60000");
    expect(await new RawClient(server).closed).toBe(1006);
    await fault("refuseConnections?ms=0");

    const client = await connected(realtime(server));
    const { open } = JSON.parse((await fault("counts")).body);
    expect(open).toBe(1);
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

  it("refuses the faults to all others", async () => {
    const { url, port } = await startVite();
    const counts = `${url}/local-ably/faults/counts`;
    const own = { origin: url };
    const statusOf = async (headers: Record<string, string>, method = "POST") =>
      (await send(counts, headers, method)).status;
    expect(await statusOf(own)).toBe(200);
    expect(await statusOf({ ...own, "x-forwarded-for": "127.0.0.1" })).toBe(200);
    // A proxy says that the request is from another machine.
    expect(await statusOf({ ...own, "x-forwarded-for": "192.0.2.7" })).toBe(403);
    expect(await statusOf({ ...own, "x-forwarded-for": "127.0.0.1, 192.0.2.7" })).toBe(403);
    // Other origins, a cross-site request, no origin, and DNS rebinding.
    expect(await statusOf({ origin: "https://example.com" })).toBe(403);
    expect(await statusOf({ origin: `http://127.0.0.1:${port + 1}` })).toBe(403);
    expect(await statusOf({ ...own, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await statusOf({})).toBe(403);
    const rebound = { origin: "http://rebound.test", "x-forwarded-host": "rebound.test" };
    expect(await statusOf(rebound)).toBe(403);
    expect(await statusOf(own, "GET")).toBe(403);
  });

  it("is off with an ABLY_API_KEY, and in builds", () => {
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
