import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import Ably from "ably";
import { describe, expect, it } from "vitest";
import { LOCAL_KEYS, readKeys } from "../../../local-ably/keys.ts";
import { ROOT } from "../../../tests/support/copy.ts";
import {
  Inbox,
  LOCAL_KEY,
  atEnd,
  connected,
  optionsFor,
  realtime,
  start,
  within,
} from "./harness.ts";
import { scripts } from "../../../package.json" with { type: "json" };

const [program, ...args] = scripts["local-ably"].split(" ");

/** What `npm run local-ably` runs, without npm. */
function run(
  env: Record<string, string>,
  own: string[] = [],
): ChildProcess & { output: Inbox<string> } {
  expect(program).toBe("node");
  const child = spawn(process.execPath, [...args, ...own], {
    cwd: ROOT,
    env: { ...process.env, LOCAL_ABLY_PORT: "", LOCAL_ABLY_HOST: "", LOCAL_ABLY_KEYS: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = new Inbox<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.split("\n")) if (line.trim()) output.add(line);
    });
  }
  atEnd(() => child.kill("SIGKILL"));
  return Object.assign(child, { output });
}

/** Returns the port in the line that it prints when it is ready. */
function portIn(line = ""): number {
  return Number(/:(\d+) /.exec(line)?.[1]);
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/time`).then(
    ({ ok }) => ok,
    () => false,
  );
}

describe("npm run local-ably", () => {
  it("keeps the apps of its keys apart, and ends at once at SIGTERM", async () => {
    const keys = ["one.key", "two.key"].map((name) => ({ name, secret: "s" }));
    const child = run({ LOCAL_ABLY_PORT: "0", LOCAL_ABLY_KEYS: JSON.stringify(keys) });
    const [line] = await child.output.atLeast(1);
    const port = portIn(line);
    expect(await answers(port)).toBe(true);
    const ended = once(child, "close");

    const [one, two] = ["one.key:s", "two.key:s"].map((key) => realtime({ port }, { key }));
    const seen = new Inbox<Ably.InboundMessage>();
    await two?.channels.get("c").subscribe(seen.add);
    await one?.channels.get("c").publish("one's", "");
    await two?.channels.get("c").publish("two's", "");
    expect((await seen.atLeast(1)).map(({ name }) => name)).toEqual(["two's"]);
    const local = new Ably.Rest({ ...optionsFor({ port }, "json"), key: LOCAL_KEY });
    await expect(local.auth.requestToken()).rejects.toMatchObject({ code: 40400 });

    child.kill("SIGTERM");
    await within(ended, "the end");
    expect(await answers(port)).toBe(false);
  });

  it("uses the local key and the given host, and prints its address", async () => {
    const child = run({ LOCAL_ABLY_PORT: "0", LOCAL_ABLY_HOST: "127.0.0.1" });
    const [line] = await child.output.atLeast(1);
    const port = portIn(line);
    expect(line).toContain(`http://127.0.0.1:${port}`);
    expect(line).toContain(LOCAL_KEY.split(":")[0]);
    expect(line).not.toContain(LOCAL_KEY);
    await connected(realtime({ port }));
  });

  // macOS has no 127.0.0.2 unless one adds it.
  const isMac = process.platform === "darwin";
  it.skipIf(isMac)("answers at the given host only", async () => {
    const child = run({ LOCAL_ABLY_PORT: "0", LOCAL_ABLY_HOST: "127.0.0.2" });
    const [line] = await child.output.atLeast(1);
    const port = portIn(line);
    expect(await answers(port)).toBe(false);
    expect((await fetch(`http://127.0.0.2:${port}/time`)).ok).toBe(true);
  });

  it("prints which port is in use, and ends with 1", async () => {
    const { port } = await start();
    const child = run({ LOCAL_ABLY_PORT: String(port) });
    const [code] = await within(once(child, "close"), "the end");
    expect(code).toBe(1);
    expect(child.output.all).toEqual([expect.stringContaining(`Port ${port} is already in use.`)]);
  });

  it.each([
    [
      { LOCAL_ABLY_KEYS: '[{"name":"a.b","secret":"hush","capability":{}},{}]' },
      [],
      /LOCAL_ABLY_KEYS/,
    ],
    [{ LOCAL_ABLY_PORT: "eighty" }, [], /LOCAL_ABLY_PORT/],
    [{}, ["--prot", "80"], /--prot/],
    [{}, ["--port", "0", "--", "no-such-command"], /no-such-command/],
  ])("prints what is wrong with %o %o, and ends with 1", async (env, own, sentence) => {
    const child = run({ LOCAL_ABLY_PORT: "0", ...env }, own);
    const [code] = await within(once(child, "close"), "the end");
    expect(code).toBe(1);
    const last = child.output.all.join(" ");
    expect(last).toMatch(sentence);
    expect(last).not.toContain("hush");
  });

  it("prints its options with --help", async () => {
    const child = run({}, ["--help"]);
    const [code] = await within(once(child, "close"), "the end");
    expect(code).toBe(0);
    const text = child.output.all.join("\n");
    for (const name of ["--port", "--host", "--json", "ABLY_ENDPOINT"])
      expect(text).toContain(name);
  });

  it("prints a ready line that a program can read with --json", async () => {
    const child = run({}, ["--port", "0", "--json"]);
    const [line = ""] = await child.output.atLeast(1);
    const ready = JSON.parse(line);
    expect(ready).toEqual({
      url: `http://127.0.0.1:${ready.port}`,
      host: "127.0.0.1",
      port: expect.any(Number),
      keys: [LOCAL_KEY.split(":")[0]],
    });
    expect(await answers(ready.port)).toBe(true);
  });
});

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

describe("npm run local-ably -- command", () => {
  const command = (script: string) => ["--port", "0", "--", process.execPath, "-e", script];

  it.runIf(hasIPv6)("gives an address of IPv6 in brackets", async () => {
    const script = `
      const { ABLY_ENDPOINT: host, ABLY_PORT: port } = process.env;
      fetch("http://" + host + ":" + port + "/time").then(({ status }) => console.log(host, status));`;
    const child = run({}, ["--host", "::1", ...command(script)]);
    await within(once(child, "close"), "the end");
    expect(child.output.all.join(" ")).toMatch(/http:\/\/\[::1\]:\d+ .*\[::1\] 200$/);
  });

  it("runs the command with the address and the key, and ends with its exit code", async () => {
    const script = `
      const { ABLY_ENDPOINT: host, ABLY_PORT: port, ABLY_API_KEY: key } = process.env;
      const query = new URLSearchParams({ key });
      fetch("http://" + host + ":" + port + "/channels/c/messages?" + query).then(({ status }) => {
        console.log("status " + status);
        process.exitCode = 7;
      });`;
    const child = run({}, command(script));
    const [code] = await within(once(child, "close"), "the end");
    expect(child.output.all).toContain("status 200");
    expect(code).toBe(7);
  });

  // Windows has no signals: there a program ends at once.
  it.skipIf(process.platform === "win32")(
    "passes signals on, and waits for the command",
    async () => {
      const script = `
      process.on("SIGTERM", () => process.exit(3));
      setInterval(() => {}, 1000);
      console.log("running");`;
      const child = run({}, command(script));
      const ended = once(child, "close");
      while (!child.output.all.includes("running"))
        await child.output.atLeast(child.output.all.length + 1);
      child.kill("SIGTERM");
      expect((await within(ended, "the end"))[0]).toBe(3);
    },
  );

  it.skipIf(process.platform === "win32")(
    "ends with 128 and the number of the signal that ended the command",
    async () => {
      const child = run({}, command('process.kill(process.pid, "SIGKILL")'));
      const [code] = await within(once(child, "close"), "the end");
      expect(code).toBe(128 + 9);
    },
  );
});

describe("LOCAL_ABLY_KEYS", () => {
  it.each([
    ["not JSON", /JSON/],
    ["[]", /array/],
    ['[{"name":"nodot","secret":"s"}]', /appId\.keyId/],
    ['[{"name":"a.b"}]', /a\.b.*secret/],
    ['[{"name":"a.b","secret":"hush","capability":{"*":["fly"]}}]', /fly/],
  ])("%s is refused with the reason", (json, reason) => {
    expect(() => readKeys(json)).toThrow(/LOCAL_ABLY_KEYS/);
    expect(() => readKeys(json)).toThrow(reason);
    expect(() => readKeys(json)).not.toThrow(/hush/);
  });

  it.each([undefined, "", " "])("%o stands for the local key", (json) => {
    expect(readKeys(json)).toBe(LOCAL_KEYS);
  });
});
