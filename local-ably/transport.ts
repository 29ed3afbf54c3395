import type { WebSocket } from "ws";
import { type Format, encode } from "./format.ts";
import { Action, type ServerFrame } from "./protocol.ts";

/** How a client asked to be spoken to, in the query of its socket's address. */
export type TransportParams = {
  format: Format;
  /** False: its own messages do not come back to it. */
  echo: boolean;
  /** True: HEARTBEAT frames keep the line alive (browsers). False: WebSocket pings do (Node). */
  heartbeats: boolean;
  maxIdleInterval: number;
  remainPresentFor: number;
};

const MIN_HEARTBEAT_INTERVAL_MS = 5_000;
const MAX_HEARTBEAT_INTERVAL_MS = 1_800_000;

export function readTransportParams(
  query: URLSearchParams,
  defaults: { maxIdleInterval: number; remainPresentFor: number },
): TransportParams {
  return {
    format: query.get("format") === "msgpack" ? "msgpack" : "json",
    echo: query.get("echo") !== "false",
    heartbeats: query.get("heartbeats") !== "false",
    maxIdleInterval: readMs(query, "heartbeatInterval", defaults.maxIdleInterval, [
      MIN_HEARTBEAT_INTERVAL_MS,
      MAX_HEARTBEAT_INTERVAL_MS,
    ]),
    remainPresentFor: readMs(query, "remainPresentFor", defaults.remainPresentFor, [0, 60_000]),
  };
}

function readMs(query: URLSearchParams, name: string, byDefault: number, [min, max]: number[]) {
  const text = query.get(name);
  const ms = Number(text);
  if (text === null || text === "" || !Number.isFinite(ms)) return byDefault;
  return Math.min(max ?? ms, Math.max(min ?? ms, ms));
}

/** One WebSocket of a connection, which may have another after it. */
export class Transport {
  readonly params: TransportParams;
  #socket: WebSocket;
  #idle: NodeJS.Timeout;
  #answered = true;

  constructor(socket: WebSocket, params: TransportParams) {
    this.params = params;
    this.#socket = socket;
    this.#idle = setInterval(() => this.#keepAlive(), params.maxIdleInterval);
    socket.on("close", () => clearInterval(this.#idle));
    socket.on("pong", () => (this.#answered = true));
  }

  send(frame: ServerFrame): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(encode(frame, this.params.format));
    this.#idle.refresh();
  }

  /** Says a last word and closes. */
  end(lastFrame: ServerFrame): void {
    this.send(lastFrame);
    this.#socket.close();
  }

  /** Breaks the line without a word, as a lost network does. */
  cut(): void {
    this.#socket.terminate();
  }

  /** Every client answers pings, browsers too: one that has not since the last is gone. */
  #keepAlive(): void {
    if (!this.#answered) return this.cut();
    this.#answered = false;
    this.#socket.ping();
    if (this.params.heartbeats) this.send({ action: Action.HEARTBEAT });
  }
}
