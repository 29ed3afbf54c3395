/** Runs the checks of `npm run check:ably` against local Ably. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ROOT } from "../../../tests/support/copy.ts";
import { listen } from "../../support/listening.ts";
import { freePort, startProgram } from "../../../tests/support/program.ts";
import { checkAbly } from "../../../check-ably.ts";
import { Channel } from "../../../local-ably/channel.ts";
import { startLocalAbly } from "../../../local-ably/server.ts";

const SECRET = "hush-hush-this-is-secret";
const OPERATIONS = ["publish", "subscribe", "presence", "history"];

/** Name → what the key may do. */
const KEYS: Record<string, Record<string, string[]>> = {
  "app.everything": { "*": ["*"] },
  "app.enough": { "room:*": OPERATIONS, "room-preview:*": OPERATIONS },
  "app.lobby": { "room:lobby": ["*"] },
  "app.production": { "room:*": ["*"] },
  ...Object.fromEntries(
    OPERATIONS.map((operation) => [
      `app.no-${operation}`,
      { "*": OPERATIONS.filter((other) => other !== operation) },
    ]),
  ),
};

let localAbly: Awaited<ReturnType<typeof startLocalAbly>>;

beforeAll(async () => {
  const keys = Object.entries(KEYS).map(([name, capability]) => {
    return { name, secret: SECRET, capability };
  });
  localAbly = await startLocalAbly({ keys });
});

afterAll(() => localAbly?.close());

/** `ok The key …`, one for each check, and the details apart. */
async function verdicts(given: string, at: number = localAbly.port) {
  const where = { endpoint: "127.0.0.1", port: at, tls: false };
  const lines: string[] = [];
  const details: string[] = [];
  for await (const { outcome, name, detail } of checkAbly(given, where)) {
    lines.push(`${outcome}: ${name}`);
    if (detail) details.push(detail);
  }
  const secret = given.split(":")[1] || given;
  expect(details.join("\n")).not.toContain(secret);
  return { lines, failed: lines.filter((line) => !line.startsWith("ok")), details };
}

it.each(["app.everything", "app.enough"])("finds all in order with %s", async (name) => {
  const { lines } = await verdicts(`${name}:${SECRET}`);
  expect(lines).toEqual([
    "ok: The key has the form appId.keyId:secret",
    "ok: The network lets HTTPS through to Ably",
    "ok: Ably accepts the key",
    "ok: The network lets WebSockets through to Ably",
    ...OPERATIONS.map(
      (operation) => `ok: The key allows ${operation} in room:* and room-preview:*`,
    ),
    "ok: A message goes from one client to another",
  ]);
});

it.each(["your-key-here", "app.key"])("says that %j is no key, and tries no more", async (no) => {
  const { lines, details } = await verdicts(no);
  expect(lines[0]).toBe("FAILED: The key has the form appId.keyId:secret");
  expect(lines.slice(1).every((line) => line.startsWith("not tried: "))).toBe(true);
  expect(details).toEqual([expect.stringContaining("https://ably.com/accounts")]);
});

it.each([`app.enough:${SECRET}-wrong`, `app.other:${SECRET}`, `other.key:${SECRET}`])(
  "says that Ably refuses %s",
  async (wrong) => {
    const { failed, details } = await verdicts(wrong);
    expect(failed[0]).toBe("FAILED: Ably accepts the key");
    expect(failed.slice(1).every((line) => line.startsWith("not tried: "))).toBe(true);
    expect(details).toEqual([expect.stringMatching(/^40\d{3}: .*\n.*copy it anew/)]);
  },
);

it.each(OPERATIONS)("says that the key does not allow %s", async (operation) => {
  const { failed, details } = await verdicts(`app.no-${operation}:${SECRET}`);
  expect(failed[0]).toBe(`FAILED: The key allows ${operation} in room:* and room-preview:*`);
  const isHeard = operation === "presence" || operation === "history";
  expect(failed.slice(1)).toEqual(
    isHeard ? [] : ["not tried: A message goes from one client to another"],
  );
  expect(details).toEqual([expect.stringMatching(/^40160: .*\n.*Capabilities/)]);
});

it.each([
  ["app.lobby", "room:lobby"],
  ["app.production", "room:*"],
])("says that the key %s opens fewer rooms than the site has", async (name, room) => {
  const { failed, details } = await verdicts(`${name}:${SECRET}`);
  expect(failed).toHaveLength(OPERATIONS.length + 1);
  expect(details).toHaveLength(OPERATIONS.length);
  for (const detail of details) expect(detail).toContain(`no more than {"${room}"`);
});

it("says that nothing answers", async () => {
  const { failed, details } = await verdicts(`app.enough:${SECRET}`, await freePort());
  expect(failed[0]).toBe("FAILED: The network lets HTTPS through to Ably");
  expect(details).toEqual([expect.stringMatching(/ECONNREFUSED.*\n.*firewall/i)]);
});

it("says that only WebSockets are stopped", async () => {
  const proxy = await listen(createServer(passOnWithoutUpgrade));
  const { failed } = await verdicts(`app.enough:${SECRET}`, proxy.port);
  expect(failed).toEqual([
    "FAILED: The network lets WebSockets through to Ably",
    "not tried: A message goes from one client to another",
  ]);
  await proxy.close();
});

it("says that no message arrives, and closes its connections all the same", async () => {
  vi.spyOn(Channel.prototype, "publish").mockReturnValue([]);
  const { setTimeout: wait } = globalThis;
  const mayWait = (run: () => void, ms = 0, ...args: []) => wait(run, Math.min(ms, 500), ...args);
  vi.spyOn(globalThis, "setTimeout").mockImplementation(mayWait as typeof setTimeout);
  const { failed, details } = await verdicts(`app.enough:${SECRET}`);
  expect(failed).toEqual(["FAILED: A message goes from one client to another"]);
  expect(details).toEqual(["No answer in time."]);
  await expect.poll(() => localAbly.faults.counts()).toEqual({ open: 0, waiting: 0 });
});

it("says that the account needs another SDK", async () => {
  const error = { code: 40168, statusCode: 400, message: "This SDK is not compatible." };
  const ably = await listen(
    createServer((request, response) => {
      const isTime = request.url?.startsWith("/time");
      const headers = { "content-type": "application/json", "x-ably-errorcode": "40168" };
      if (isTime) response.writeHead(200, { "content-type": headers["content-type"] }).end("[1]");
      else response.writeHead(400, headers).end(JSON.stringify({ error }));
    }),
  );
  const { failed, details } = await verdicts(`app.enough:${SECRET}`, ably.port);
  expect(failed[0]).toBe("FAILED: Ably accepts the key");
  expect(details).toEqual([
    "40168: This SDK is not compatible.\nThis account needs another SDK: see ably.com/docs/sdks.",
  ]);
  await ably.close();
});

it("checks nothing if there is no key", async () => {
  const [env, ready] = [{ ABLY_API_KEY: "" }, "Skipped: there is no ABLY_API_KEY"];
  const program = await startProgram("npm run check:ably", { cwd: ROOT, env, ready });
  await program.ended;
});

/** What some company networks do. */
async function passOnWithoutUpgrade(request: IncomingMessage, response: ServerResponse) {
  const { method = "GET", url = "/" } = request;
  const body = await buffer(request);
  const { "content-type": type = "", accept = "", authorization = "" } = request.headers;
  const answer = await fetch(`http://127.0.0.1:${localAbly.port}${url}`, {
    method,
    headers: { "content-type": type, accept, authorization },
    ...(method !== "GET" && { body }),
  });
  const kept = { "content-type": answer.headers.get("content-type") ?? "" };
  response.writeHead(answer.status, kept).end(Buffer.from(await answer.arrayBuffer()));
}
