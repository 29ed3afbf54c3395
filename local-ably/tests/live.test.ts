/** The suite of `npm run test:live`, so that it is known to work before it meets Ably's cloud. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { scripts } from "../../package.json" with { type: "json" };
import { checkAbly } from "../../tests/live/checks.ts";
import type { Key } from "../auth.ts";
import { LOCAL_KEY, start } from "./harness.ts";

const SECRET = "hush-hush-this-is-secret";
const OPERATIONS = ["publish", "subscribe", "presence", "history"];

function key(capability: Key["capability"] = { "*": ["*"] }): Key {
  return { name: "app.key", secret: SECRET, capability };
}

/** `ok The key …`, one for each check, and the details apart. */
async function verdicts(given: string, port: number) {
  const where = { endpoint: "127.0.0.1", port, tls: false };
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

it("finds all in order with a key that may do everything, and with one that may just do enough", async () => {
  const { port } = await start({}, [key({ "room:*": OPERATIONS })]);
  const { lines, failed } = await verdicts(`app.key:${SECRET}`, port);
  expect(failed).toEqual([]);
  expect(lines).toEqual([
    "ok: The key has the form appId.keyId:secret",
    "ok: The network lets HTTPS through to Ably",
    "ok: Ably accepts the key",
    "ok: The network lets WebSockets through to Ably",
    ...OPERATIONS.map((operation) => `ok: The key allows ${operation} in room:*`),
    "ok: A message goes from one client to another",
  ]);
  const everything = await start();
  expect((await verdicts(LOCAL_KEY, everything.port)).failed).toEqual([]);
});

it.each(["your-key-here", "app.key"])("says that %j is no key, and tries no more", async (no) => {
  const { lines, details } = await verdicts(no, 1);
  expect(lines[0]).toBe("FAILED: The key has the form appId.keyId:secret");
  expect(lines.slice(1).every((line) => line.startsWith("not tried: "))).toBe(true);
  expect(details).toEqual([expect.stringContaining("https://ably.com/accounts")]);
});

it.each([`app.key:${SECRET}-wrong`, `app.other:${SECRET}`, `other.key:${SECRET}`])(
  "says that Ably refuses %s",
  async (wrong) => {
    const { port } = await start({}, [key()]);
    const { failed, details } = await verdicts(wrong, port);
    expect(failed[0]).toBe("FAILED: Ably accepts the key");
    expect(failed.slice(1).every((line) => line.startsWith("not tried: "))).toBe(true);
    expect(details).toEqual([expect.stringMatching(/^40\d{3}: .*\n.*copy it anew/)]);
  },
);

it.each(OPERATIONS)("says that the key does not allow %s", async (operation) => {
  const others = OPERATIONS.filter((other) => other !== operation);
  const { port } = await start({}, [key({ "room:*": others })]);
  const { failed, details } = await verdicts(`app.key:${SECRET}`, port);
  expect(failed[0]).toBe(`FAILED: The key allows ${operation} in room:*`);
  const isHeard = operation === "presence" || operation === "history";
  expect(failed.slice(1)).toEqual(
    isHeard ? [] : ["not tried: A message goes from one client to another"],
  );
  expect(details).toEqual([expect.stringMatching(/^40160: .*\n.*Capabilities/)]);
});

it("says that the key opens fewer rooms than the site has", async () => {
  const { port } = await start({}, [key({ "room:lobby": ["*"] })]);
  const { failed, details } = await verdicts(`app.key:${SECRET}`, port);
  expect(failed).toHaveLength(OPERATIONS.length + 1);
  expect(details[0]).toContain("room:lobby");
});

it("says that nothing answers", async () => {
  const server = await start();
  await server.close();
  const { failed, details } = await verdicts(LOCAL_KEY, server.port);
  expect(failed[0]).toBe("FAILED: The network lets HTTPS through to Ably");
  expect(details).toEqual([expect.stringMatching(/ECONNREFUSED.*\n.*firewall/i)]);
});

it("says that only WebSockets are stopped", async () => {
  const { port, faults } = await start();
  faults.refuseConnections(60_000);
  const { failed } = await verdicts(LOCAL_KEY, port);
  expect(failed).toEqual([
    "FAILED: The network lets WebSockets through to Ably",
    "not tried: A message goes from one client to another",
  ]);
});

it("says that it tries nothing where there is no key", () => {
  const [, ...args] = scripts["test:live"].split(" ");
  const env = { ...process.env, ABLY_API_KEY: "" };
  const { stdout, status } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  expect(stdout).toMatch(/^Skipped: there is no ABLY_API_KEY/);
  expect(status).toBe(0);
});
