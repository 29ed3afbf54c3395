import type { WebSocket } from "ws";
import { type Format, encode, formatOf } from "./format.ts";
import { Action, type ServerFrame } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** https://ably.com/docs/connect#heartbeats */
const HEARTBEAT_INTERVAL_MS = [5_000, 1_800_000] as const;
const REMAIN_PRESENT_FOR_MS = [0, 60_000] as const;

/** What all frames go through on their way out: it may hold them back, but keeps their order. */
type Outlet = { pass(send: () => void): void };

/** One WebSocket of a connection, which may have another after it. */
export class Transport {
  readonly format: Format;
  /** False: its own messages do not come back to it. */
  readonly echo: boolean;
  readonly maxIdleInterval: number;
  readonly remainPresentFor: number;
  readonly #socket: WebSocket;
  readonly #maxBytesUnsent: number;
  readonly #outlet: Outlet;
  #isAnswered = true;

  /** @param query how the client asked to be spoken to, in its socket's address. */
  constructor(socket: WebSocket, query: URLSearchParams, settings: Settings, outlet: Outlet) {
    const readMs = (name: string, [min, max]: readonly [number, number], byDefault: number) => {
      const ms = Number(query.get(name) || Number.NaN);
      return Number.isNaN(ms) ? byDefault : Math.min(max, Math.max(min, ms));
    };
    const { maxIdleInterval, remainPresentFor, maxBytesUnsent } = settings;
    this.format = formatOf(query.get("format") ?? "json");
    this.echo = query.get("echo") !== "false";
    this.maxIdleInterval = readMs("heartbeatInterval", HEARTBEAT_INTERVAL_MS, maxIdleInterval);
    this.remainPresentFor = readMs("remainPresentFor", REMAIN_PRESENT_FOR_MS, remainPresentFor);
    this.#socket = socket;
    this.#maxBytesUnsent = maxBytesUnsent;
    this.#outlet = outlet;
    const wantsFrames = query.get("heartbeats") !== "false";
    const timer = setInterval(() => this.#keepAlive(wantsFrames), this.maxIdleInterval);
    socket.on("close", () => clearInterval(timer));
    socket.on("pong", () => (this.#isAnswered = true));
  }

  send(frame: ServerFrame): void {
    const data = encode(frame, this.format);
    this.#outlet.pass(() => {
      if (this.#socket.bufferedAmount > this.#maxBytesUnsent) return this.cut();
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

  /**
   * HEARTBEAT frames keep the line of browsers alive, and WebSocket pings that of Node. All answer
   * pings by themselves, however much else is sent to them: who has not since the last is gone.
   */
  #keepAlive(wantsFrames: boolean): void {
    if (!this.#isAnswered) return this.cut();
    this.#isAnswered = false;
    this.#socket.ping();
    if (wantsFrames) this.send({ action: Action.HEARTBEAT });
  }
}
