/** One WebSocket of a connection: frames, heartbeats, and what happens if the client reads too slowly. */
import { randomUUID } from "node:crypto";
import type { WebSocket } from "ws";
import { type Format, encode, formatOf } from "./format.ts";
import type { Network } from "./network.ts";
import { Action, type ServerFrame } from "./protocol.ts";
import type { Settings } from "./settings.ts";

export type Host = { readonly settings: Settings; readonly network: Network };

/** What a client may ask for, ms. https://ably.com/docs/connect#heartbeats */
const BOUNDS = { heartbeatInterval: [5_000, 1_800_000], remainPresentFor: [0, 60_000] } as const;

/** The last frame in each format: a channel sends the same one to all its subscribers in turn. */
const encoded: { [format in Format]?: { frame: ServerFrame; data: Uint8Array } } = {};

export class Transport {
  readonly format: Format;
  /** Whether the client receives its own messages. */
  readonly echo: boolean;
  readonly maxIdleInterval: number;
  readonly remainPresentFor: number;
  readonly #socket: WebSocket;
  readonly #host: Host;
  /** The ID of the ping that the client has not answered yet. */
  #unanswered: string | undefined;

  constructor(socket: WebSocket, query: URLSearchParams, host: Host) {
    this.format = formatOf(query.get("format") ?? "json");
    this.echo = query.get("echo") !== "false";
    this.maxIdleInterval = readMs(query, "heartbeatInterval", host.settings.maxIdleInterval);
    this.remainPresentFor = readMs(query, "remainPresentFor", host.settings.remainPresentFor);
    this.#socket = socket;
    this.#host = host;
    this.#keepAlive(query.get("heartbeats"));
  }

  send(frame: ServerFrame): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    const data = encodeOnce(frame, this.format);
    const { network, settings } = this.#host;
    network.pass(() => {
      const { bufferedAmount: own } = socket;
      const isBusy = own > 0 && network.bytesUnsent > settings.maxBytesUnsentInTotal;
      if (own > settings.maxBytesUnsent || isBusy) this.cut();
      if (socket.readyState !== socket.OPEN) return;
      network.bytesUnsent += data.length;
      socket.send(data, { binary: this.format === "msgpack" }, () => {
        network.bytesUnsent -= data.length;
      });
    });
  }

  end(lastFrame: ServerFrame): void {
    this.send(lastFrame);
    this.#host.network.pass(() => this.#socket.close());
  }

  /** Ends the socket without a close frame, as a lost network does. */
  cut(): void {
    this.#socket.terminate();
  }

  answerPing(id: string | undefined): void {
    if (id === this.#unanswered) this.#unanswered = undefined;
  }

  /**
   * All clients answer pings, and browsers need HEARTBEAT frames, because they do not see pings.
   * A client that asks to `bounce` answers PING frames itself: a socket answers pings even while
   * the page is suspended.
   */
  #keepAlive(heartbeats: string | null): void {
    const timer = setInterval(() => {
      if (this.#unanswered) return this.cut();
      const id = randomUUID();
      this.#unanswered = id;
      if (heartbeats === "bounce") return this.send({ action: Action.PING, id });
      this.#socket.ping(id);
      if (heartbeats !== "false") this.send({ action: Action.HEARTBEAT });
    }, this.maxIdleInterval);
    this.#socket.on("close", () => clearInterval(timer));
    this.#socket.on("pong", (id) => this.answerPing(String(id)));
  }
}

function readMs(query: URLSearchParams, name: keyof typeof BOUNDS, byDefault: number): number {
  const [min, max] = BOUNDS[name];
  const ms = Number(query.get(name) || Number.NaN);
  return Number.isNaN(ms) ? byDefault : Math.min(max, Math.max(min, ms));
}

function encodeOnce(frame: ServerFrame, format: Format): Uint8Array {
  const last = encoded[format];
  if (last?.frame === frame) return last.data;
  const data = encode(frame, format);
  encoded[format] = { frame, data };
  return data;
}
