import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Protocol } from "./protocols.ts";
import { quantile } from "./figure.ts";
import { readMemory } from "./server.ts";

const CLIENTS = 1_000;
const CHANNELS = 100;
/** Ably's limit for one connection is 50 in a second. */
const MESSAGES_AT_ONCE = 10;
const PACED_MESSAGES = 1_000;
const PACED_SECONDS = 1;
const PATIENCE_MS = 30_000;

type Client = { channel: string; socket: WebSocket; msgSerial: number };

export type LoadResult = {
  /** Messages that arrived in a second, while all clients publish as fast as the server takes it. */
  perSecond: number;
  /** From publish to arrival at an even, modest pace. */
  p50: number;
  p99: number;
  kilobytesPerConnection: number;
};

/** 1,000 clients in 100 channels of 10: connects them, lets all publish at once, then in turn. */
export async function load(port: number, pid: number, protocol: Protocol): Promise<LoadResult> {
  const before = await readMemory(pid);
  const hall = new Hall(protocol);
  try {
    await hall.fill(port);
    const after = await readMemory(pid);
    const perSecond = await hall.publishAtOnce();
    const delays = await hall.publishInTurn();
    return {
      perSecond,
      p50: quantile(delays, 0.5),
      p99: quantile(delays, 0.99),
      kilobytesPerConnection: (after - before) / CLIENTS,
    };
  } finally {
    hall.empty();
  }
}

/** All clients, and a count of what they receive. */
class Hall {
  readonly #protocol: Protocol;
  readonly #clients: Client[] = [];
  #delays: number[] = [];
  #joined = 0;
  #fail: (error: unknown) => void = () => {};
  #check: () => void = () => {};

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  async fill(port: number): Promise<void> {
    for (let index = 0; index < CLIENTS; index += 1) {
      const channel = `room:${index % CHANNELS}`;
      const socket = new WebSocket(`ws://127.0.0.1:${port}${this.#protocol.path(channel)}`);
      socket.on("message", (data) => this.#receive(String(data)));
      this.#clients.push({ channel, socket, msgSerial: 0 });
      // In groups, because the server accepts a limited number of connections at a time.
      if (index % 50 === 49) await this.#opened(this.#clients.slice(-50));
    }
    const { join } = this.#protocol;
    if (!join) return;
    for (const { channel, socket } of this.#clients) socket.send(join(channel));
    await this.#until(() => this.#joined === CLIENTS, "all to join");
  }

  /** Each message is delivered to everyone in its channel, the sender included. */
  async publishAtOnce(): Promise<number> {
    const startedAt = performance.now();
    for (let round = 0; round < MESSAGES_AT_ONCE; round += 1) {
      for (const client of this.#clients) this.#publish(client);
    }
    const arrivals = await this.#received(CLIENTS * MESSAGES_AT_ONCE);
    return arrivals.length / ((performance.now() - startedAt) / 1_000);
  }

  async publishInTurn(): Promise<number[]> {
    const startedAt = performance.now();
    const msPerMessage = (PACED_SECONDS * 1_000) / PACED_MESSAGES;
    const arrivals = this.#received(PACED_MESSAGES);
    for (let sent = 0; sent < PACED_MESSAGES;) {
      const due = Math.min(PACED_MESSAGES, (performance.now() - startedAt) / msPerMessage);
      for (; sent < due; sent += 1) this.#publish(this.#clients[sent % CLIENTS] as Client);
      await sleep(1);
    }
    return arrivals;
  }

  empty(): void {
    for (const { socket } of this.#clients) socket.terminate();
  }

  #opened(clients: Client[]): Promise<unknown> {
    return Promise.all(clients.map(({ socket }) => once(socket, "open")));
  }

  #publish(client: Client): void {
    const { channel, socket, msgSerial } = client;
    client.msgSerial += 1;
    socket.send(this.#protocol.publish(channel, msgSerial, String(performance.now())));
  }

  #receive(frame: string): void {
    try {
      const received = this.#protocol.read(frame);
      if (received?.type === "joined") this.#joined += 1;
      if (received?.type === "data") this.#delays.push(performance.now() - Number(received.data));
      this.#check();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Returns the delay of each delivery of this many messages. */
  async #received(messages: number): Promise<number[]> {
    this.#delays = [];
    const expected = messages * (CLIENTS / CHANNELS);
    await this.#until(() => this.#delays.length === expected, `${expected} arrivals`);
    return this.#delays;
  }

  async #until(isDone: () => boolean, awaited: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#check = () => isDone() && resolve();
      this.#fail = reject;
      timer = setTimeout(() => reject(new Error(`Timed out waiting for ${awaited}`)), PATIENCE_MS);
      this.#check();
    }).finally(() => clearTimeout(timer));
  }
}
