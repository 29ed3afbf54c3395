import type { WebSocket } from "ws";
import { AblyError } from "./error.ts";
import { encode, formatOf } from "./format.ts";
import { Action, type ServerFrame } from "./protocol.ts";
import type { Settings } from "./settings.ts";

const VERSIONS = /^(1\.2|[2-6])(\.0)?$/;
/** https://ably.com/docs/connect#heartbeats */
const HEARTBEAT_INTERVAL_MS = [5_000, 1_800_000] as const;
const REMAIN_PRESENT_FOR_MS = [0, 60_000] as const;

/** Throws 40017 for a version of the protocol that is not spoken here. */
export function checkVersion(query: URLSearchParams): void {
  if (VERSIONS.test(query.get("v") ?? "")) return;
  throw new AblyError(40017, 400, "The protocol version v must be 1.2, or from 2 to 6.");
}

/** How a client asked to be spoken to, in the query of its socket's address. */
export function readTransportParams(query: URLSearchParams, settings: Settings) {
  const readMs = (name: string, [min, max]: readonly [number, number], byDefault: number) => {
    const ms = Number(query.get(name) || Number.NaN);
    return Number.isNaN(ms) ? byDefault : Math.min(max, Math.max(min, ms));
  };
  const { maxIdleInterval: idle, remainPresentFor: remain } = settings;
  return {
    format: formatOf(query.get("format") ?? "json"),
    /** False: its own messages do not come back to it. */
    echo: query.get("echo") !== "false",
    /** True: HEARTBEAT frames keep the line alive (browsers). False: WebSocket pings do (Node). */
    heartbeats: query.get("heartbeats") !== "false",
    maxIdleInterval: readMs("heartbeatInterval", HEARTBEAT_INTERVAL_MS, idle),
    remainPresentFor: readMs("remainPresentFor", REMAIN_PRESENT_FOR_MS, remain),
  };
}

/** What all frames go through on their way out: it may hold them back, but keeps their order. */
export type Outlet = { pass(send: () => void): void };

/** One WebSocket of a connection, which may have another after it. */
export class Transport {
  readonly params: ReturnType<typeof readTransportParams>;
  #socket: WebSocket;
  #outlet: Outlet;
  #idle: NodeJS.Timeout;
  #answered = true;

  constructor(socket: WebSocket, params: Transport["params"], outlet: Outlet) {
    this.params = params;
    this.#socket = socket;
    this.#outlet = outlet;
    this.#idle = setInterval(() => this.#keepAlive(), params.maxIdleInterval);
    socket.on("close", () => clearInterval(this.#idle));
    socket.on("pong", () => (this.#answered = true));
  }

  send(frame: ServerFrame): void {
    const data = encode(frame, this.params.format);
    this.#idle.refresh();
    this.#outlet.pass(() => {
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(data);
    });
  }

  /** Says a last word and closes. */
  end(lastFrame: ServerFrame): void {
    this.send(lastFrame);
    this.#outlet.pass(() => this.#socket.close());
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
