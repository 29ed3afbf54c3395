import { once } from "node:events";
import { encode } from "@msgpack/msgpack";
import Ably from "ably";
import { describe, expect, it, onTestFailed } from "vitest";
import { WebSocket } from "ws";
import { Action, Flag } from "../../../local-ably/protocol.ts";
import {
  FORMATS,
  type Format,
  Inbox,
  LOCAL_KEY,
  connected,
  realtime,
  rest,
  start,
  watchForCrashes,
} from "./harness.ts";

type Server = Awaited<ReturnType<typeof start>>;

/** More frames find more: FUZZ_FRAMES=100000 */
const FRAMES = Number(process.env.FUZZ_FRAMES ?? 3_000);
const SOCKETS_PER_FORMAT = 2;
const FRAMES_PER_SOCKET = FRAMES / FORMATS.length / SOCKETS_PER_FORMAT;
/** Frames sent at once, before a pause until the server has read them. */
const BATCH = 50;
const MAX_SERIALS = 20;

/** Returns numbers from 0 to 1, the same for the same seed: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes random bytes, and valid frames that were cut or changed. */
class Fuzzer {
  readonly #random: () => number;
  /** Serials of messages that the server has. */
  readonly serials: string[] = [];

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  frame(format: Format): Buffer {
    // A frame that cannot be read ends the connection, so these are rare.
    const kind = this.#random() * 100;
    if (kind < 0.1) return this.#bytes(this.#below(200));
    const frame = this.#mutated(this.#valid());
    const bytes = Buffer.from(format === "json" ? JSON.stringify(frame) : encode(frame));
    if (kind < 0.2) return bytes.subarray(0, this.#below(bytes.length));
    if (kind < 0.3) bytes[this.#below(bytes.length)] = this.#below(256);
    return bytes;
  }

  /** Takes the serials from what the server sends, in JSON or MessagePack. */
  read(data: Buffer): void {
    if (this.serials.length >= MAX_SERIALS) return;
    const [serial] = /\d{14}-\d{6}@[-0-9a-f]{36}:\d{6}/.exec(data.toString("latin1")) ?? [];
    if (serial) this.serials.push(serial);
  }

  #valid(): Record<string, unknown> {
    const channel = this.#pick(["a", "b", "c", "a:b", `random:${this.#below(50)}`]);
    const item = {
      id: this.#pick([undefined, "mine", "base:0"]),
      name: this.#pick([undefined, "", "n"]),
      clientId: this.#pick([undefined, "ada", "*"]),
      data: this.#pick([undefined, "", "text", "AAEC", "{}"]),
      encoding: this.#pick([undefined, "json", "utf-8/base64", "base64"]),
      extras: this.#pick([undefined, { headers: { a: 1 } }]),
      action: this.#below(6),
      // Half of the serials are invalid. The others are those of the first messages.
      serial: this.#pick([undefined, "no such serial", ...this.serials]),
      messageSerial: this.#pick(["no such serial", ...this.serials]),
      type: this.#pick(["t", "t:total.v1", "t:flag.v1", "t:unique.v1", "t:multiple.v1"]),
      count: this.#pick([undefined, 1, 3]),
      version: this.#pick([undefined, { description: "d", metadata: { a: 1 } }]),
    };
    return this.#pick<Record<string, unknown>>([
      { action: Action.HEARTBEAT, id: "ping" },
      { action: Action.ATTACH, channel, params: { rewind: this.#pick(["3", "2m", "x"]) } },
      { action: Action.ATTACH, channel, flags: Flag.PUBLISH, channelSerial: "0-0@0" },
      { action: Action.DETACH, channel },
      { action: Action.SYNC, channel },
      { action: Action.MESSAGE, channel, msgSerial: this.#below(50), messages: [item] },
      { action: Action.MESSAGE, channel, msgSerial: this.#below(50), messages: [item, {}] },
      { action: Action.PRESENCE, channel, msgSerial: this.#below(50), presence: [item] },
      { action: Action.ANNOTATION, channel, msgSerial: this.#below(50), annotations: [item] },
      this.#random() < 0.01
        ? { action: this.#pick([Action.AUTH, Action.CLOSE, Action.DISCONNECT]), auth: {} }
        : { action: 18 + this.#below(3), channel, msgSerial: 1 },
    ]);
  }

  /** Replaces some of the values, at any depth. */
  #mutated<T>(value: T, depth = 0): T {
    if (this.#random() < 0.03 && depth > 0) return this.#anything() as T;
    if (Array.isArray(value)) return value.map((item) => this.#mutated(item, depth + 1)) as T;
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([name, item]) => {
      const isLostAction = depth === 0 && name === "action" && this.#random() < 0.98;
      return [name, isLostAction ? item : this.#mutated(item, depth + 1)];
    });
    return Object.fromEntries(entries) as T;
  }

  #anything(): unknown {
    return this.#pick<unknown>([
      null,
      true,
      -1,
      1.5,
      2 ** 53,
      1e300,
      "",
      "\u0000\ud800",
      ":x",
      "x".repeat(5_000),
      [],
      [[]],
      [null],
      {},
      { toString: 1 },
      JSON.parse('{"constructor":{"prototype":1}}'),
      nested(60),
      Array.from({ length: 300 }, () => ({})),
    ]);
  }

  #bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#below(256)));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(choices: T[]): T {
    return choices[this.#below(choices.length)] as T;
  }
}

function nested(levels: number): unknown {
  return levels === 0 ? "deep" : { in: nested(levels - 1) };
}

/** Sends frames, and opens a new socket whenever the server ends one. */
async function bombard(server: Server, format: Format, seed: number): Promise<void> {
  const fuzzer = new Fuzzer(seed);
  const params = new URLSearchParams({ v: "6", key: LOCAL_KEY, format, clientId: "ada" });
  let sent = 0;
  while (sent < FRAMES_PER_SOCKET) {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/?${params}`);
    socket.on("error", () => {});
    socket.on("message", (data: Buffer) => fuzzer.read(data));
    await once(socket, "open");
    const ended = once(socket, "close");
    while (sent < FRAMES_PER_SOCKET && socket.readyState === WebSocket.OPEN) {
      for (let i = 0; i < BATCH; i++) socket.send(fuzzer.frame(format));
      socket.ping();
      // Only frames that the server has read count.
      const answer = once(socket, "pong").then(() => true);
      if (await Promise.race([answer, ended.then(() => false)])) sent += BATCH;
    }
    socket.terminate();
    await ended;
  }
}

/** Checks that a stock client connects, publishes and receives in each format. */
async function expectHealth(server: Server): Promise<void> {
  expect((await fetch(`${server.url}/time`)).status).toBe(200);
  for (const format of FORMATS) {
    for (const name of ["a", "healthy"]) {
      const client = await connected(realtime(server, { format }));
      const channel = client.channels.get(name);
      const seen = new Inbox<Ably.InboundMessage>();
      await channel.subscribe("still here", seen.add);
      await channel.publish("still here", { format });
      expect((await seen.atLeast(1))[0]?.data).toEqual({ format });
      await channel.presence.get();
      await rest(server, { format }).channels.get(name).history();
      client.close();
    }
  }
}

describe("local Ably survives", () => {
  it("invalid frames", { timeout: 60_000 }, async () => {
    const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
    onTestFailed(() => console.info(`To repeat it: FUZZ_SEED=${seed}`));
    const crashes = watchForCrashes();
    const server = await start({ maxInboundRate: 1e9, maxMessagesKept: 100 });
    const sockets = FORMATS.flatMap((format, i) =>
      Array.from({ length: SOCKETS_PER_FORMAT }, (_, j) =>
        bombard(server, format, seed + i * 100 + j),
      ),
    );
    await Promise.all(sockets);
    await expectHealth(server);
    expect(crashes).toEqual([]);
  });
});
