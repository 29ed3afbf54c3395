import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { isSameOrigin } from "../../../local-ably/origin.ts";
import { startLocalAbly } from "../../../local-ably/server.ts";
import { RawClient, atEnd, send, start } from "./harness.ts";

describe("local Ably alone", () => {
  it("answers pages at any port of this machine, and of no other machine", async () => {
    const server = await start();
    for (const origin of ["http://localhost:3000", "http://127.0.0.1:1", "http://[::1]:5173"]) {
      expect((await new RawClient(server, {}, { origin }).next()).action).toBe(4);
    }
    for (const origin of ["https://example.com", "http://localhost.example.com", "null"]) {
      expect(await new RawClient(server, {}, { origin }).closed).toBe(403);
    }
  });

  it("answers pages at any port of the requested host", async () => {
    const server = await start();
    for (const hostname of ["host.docker.internal", "192.168.1.5", "ci-runner"]) {
      const headers = { host: `${hostname}:${server.port}`, origin: `http://${hostname}:3000` };
      expect((await new RawClient(server, {}, headers).next()).action).toBe(4);
    }
    const other = { host: `ci-runner:${server.port}`, origin: "http://printer:80" };
    expect(await new RawClient(server, {}, other).closed).toBe(403);
  });

  it("refuses a public name that was pointed at this machine, until it is allowed", async () => {
    const { url, port } = await start();
    const ask = async (host: string, at = url) => (await send(`${at}/time`, { host })).status;
    expect(await ask(`evil.example:${port}`)).toBe(403);
    for (const host of [`localhost:${port}`, `[::1]:${port}`, `192.168.1.5:${port}`, "ably:8889"]) {
      expect(await ask(host)).toBe(200);
    }
    const open = await startLocalAbly({ allowedHosts: ["ably.example"] });
    atEnd(() => open.close());
    expect(await ask("ably.example", open.url)).toBe(200);
    expect(await ask("evil.example", open.url)).toBe(403);
  });

  it("refuses with an Ably error that says what to do", async () => {
    const { url } = await start();
    const { body } = await send(`${url}/time`, { host: "evil.example" });
    const { error } = JSON.parse(body);
    expect(error).toMatchObject({ code: 40300, statusCode: 403, href: expect.any(String) });
    expect(error.message).toContain("http://evil.example");
    expect(error.message).toContain("local-ably/README.md");
  });
});

describe("local Ably inside Vite", () => {
  const ask = (headers: IncomingHttpHeaders) =>
    isSameOrigin({ headers } as IncomingMessage, ["editor.example"]);

  it("answers a page of a name that allowedHosts lists", () => {
    expect(ask({ host: "editor.example", origin: "http://editor.example" })).toBe(true);
    expect(ask({ host: "editor.example", origin: "http://evil.example" })).toBe(false);
  });

  it("refuses a page of another port that claims this origin", () => {
    const own = { host: "localhost:8888", origin: "http://localhost:8888" };
    expect(ask({ ...own, "sec-fetch-site": "same-origin" })).toBe(true);
    const origin = "http://localhost:3000";
    const claimed = { ...own, origin, "x-forwarded-host": "localhost:3000" };
    expect(ask({ ...claimed, "sec-fetch-site": "same-site" })).toBe(false);
    expect(ask({ host: "localhost:8888", "sec-fetch-site": "cross-site" })).toBe(false);
    expect(ask({ host: "localhost:8888", "sec-fetch-site": "none" })).toBe(true);
  });

  // The proxy rewrites the Origin of all pages, and Chromium's WebSockets say nothing else.
  it("refuses an Origin that a proxy has rewritten to localhost, unless the Host is, too", () => {
    for (const origin of ["http://localhost", "http://localhost:5173", "http://127.0.0.1:5173"]) {
      expect(ask({ host: "editor.example", origin })).toBe(false);
    }
    expect(ask({ host: "localhost:5173", origin: "http://localhost:5173" })).toBe(true);
  });
});
