import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import Ably from "ably";
import { describe, expect, it } from "vitest";
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
import { scripts } from "../../package.json" with { type: "json" };

const [program, ...args] = scripts["local-ably"].split(" ");

/** What `npm run local-ably` runs, without npm. */
function run(env: Record<string, string>): ChildProcess & { output: Inbox<string> } {
  expect(program).toBe("node");
  const child = spawn(process.execPath, args, {
    env: { ...process.env, LOCAL_ABLY_KEYS: "", ...env },
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

/** The port that it says it is on: with port 0, one that was free. */
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
  it("serves the apps of its keys side by side, and ends at once at SIGTERM", async () => {
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

    const since = Date.now();
    child.kill("SIGTERM");
    await within(ended, "the end");
    expect(Date.now() - since).toBeLessThan(1_000);
    expect(await answers(port)).toBe(false);
  });

  it("takes the local key and the host that it is given, and says where it is", async () => {
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
  it.skipIf(isMac)("answers on no host but the one that it was given", async () => {
    const child = run({ LOCAL_ABLY_PORT: "0", LOCAL_ABLY_HOST: "127.0.0.2" });
    const [line] = await child.output.atLeast(1);
    const port = portIn(line);
    expect(await answers(port)).toBe(false);
    expect((await fetch(`http://127.0.0.2:${port}/time`)).ok).toBe(true);
  });

  it("says which port is taken, and ends with 1", async () => {
    const { port } = await start();
    const child = run({ LOCAL_ABLY_PORT: String(port) });
    const [code] = await within(once(child, "close"), "the end");
    expect(code).toBe(1);
    expect(child.output.all).toEqual([
      `Port ${port} is taken. Stop what uses it, or set LOCAL_ABLY_PORT to another.`,
    ]);
  });

  it.each([
    ["not JSON", /LOCAL_ABLY_KEYS.*JSON/],
    ["[]", /LOCAL_ABLY_KEYS.*array/],
    ['[{"name":"nodot","secret":"s"}]', /LOCAL_ABLY_KEYS.*appId\.keyId/],
    ['[{"name":"a.b"}]', /LOCAL_ABLY_KEYS.*a\.b.*secret/],
    ['[{"name":"a.b","secret":"hush","capability":{"*":["fly"]}}]', /LOCAL_ABLY_KEYS.*fly/],
  ])("says what is wrong with LOCAL_ABLY_KEYS=%s, and ends with 1", async (keys, sentence) => {
    const child = run({ LOCAL_ABLY_PORT: "0", LOCAL_ABLY_KEYS: keys });
    const [code] = await within(once(child, "close"), "the end");
    expect(code).toBe(1);
    expect(child.output.all).toEqual([expect.stringMatching(sentence)]);
    expect(child.output.all[0]).not.toContain("hush");
  });

  it("says that a port is none, and ends with 1", async () => {
    const child = run({ LOCAL_ABLY_PORT: "eighty" });
    const [code] = await within(once(child, "close"), "the end");
    expect(code).toBe(1);
    expect(child.output.all).toEqual([expect.stringContaining("LOCAL_ABLY_PORT")]);
  });
});
