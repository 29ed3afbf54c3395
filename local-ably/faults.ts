/** What goes wrong in real networks, at will: for tests and for the page's practice drawer. */
import type { Connection } from "./connection.ts";
import { AblyError, check } from "./error.ts";
import { Action } from "./protocol.ts";

export class Faults {
  /** Does what a restart does: connections, channels, messages and members are gone. */
  readonly forget: () => void;
  readonly #connections: ReadonlyMap<string, Connection>;
  #refusedUntil = 0;
  #delay = 0;
  #isHolding = false;
  readonly #waiting: { send: () => void; due: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(connections: ReadonlyMap<string, Connection>, forget: () => void) {
    this.#connections = connections;
    this.forget = forget;
  }

  /** Cuts every socket without a word, as a lost network does. Clients may resume. */
  dropAll(): void {
    for (const { transport } of this.#connections.values()) transport?.cut();
  }

  drop(connectionId: string): void {
    this.#find(connectionId).transport?.cut();
  }

  /** For so many ms, sockets are refused. REST still answers. */
  refuseConnections(ms: number): void {
    this.#refusedUntil = Date.now() + ms;
  }

  get isRefusing(): boolean {
    return Date.now() < this.#refusedUntil;
  }

  /** What happens when a token has reached its end: DISCONNECTED with 40142. */
  expireToken(connectionId: string): void {
    this.#find(connectionId).expireToken();
  }

  /** Sends DETACHED to all who are on a channel: their clients attach again by themselves. */
  detach(channel: string): void {
    const error = new AblyError(90198, "Local Ably was told to detach this channel.", 503);
    for (const connection of this.#connections.values()) {
      const isThere = connection.attachments.has(channel);
      if (isThere) connection.detach({ action: Action.DETACHED, channel, error });
    }
  }

  /** Frames to clients take so many ms longer from now on. 0 ends that. */
  delay(ms: number): void {
    this.#delay = ms;
  }

  /** Frames to clients wait until `release`. */
  hold(): void {
    this.#isHolding = true;
  }

  release(): void {
    this.#isHolding = false;
    this.#flush();
  }

  /** Connections with an open socket, and those that wait to be resumed. */
  counts(): { open: number; waiting: number } {
    const connections = [...this.#connections.values()];
    const open = connections.filter(({ transport }) => transport).length;
    return { open, waiting: connections.length - open };
  }

  /** One of them by its name, as `POST /local-ably/faults/NAME?connectionId=…&ms=…&channel=…`. */
  run(name: string, query: URLSearchParams): unknown {
    const text = (param: string) => query.get(param) ?? "";
    const byName = new Map<string, () => unknown>([
      ["dropAll", () => this.dropAll()],
      ["drop", () => this.drop(text("connectionId"))],
      ["refuseConnections", () => this.refuseConnections(Number(text("ms")))],
      ["expireToken", () => this.expireToken(text("connectionId"))],
      ["detach", () => this.detach(text("channel"))],
      ["delay", () => this.delay(Number(text("ms")))],
      ["hold", () => this.hold()],
      ["release", () => this.release()],
      ["forget", () => this.forget()],
      ["counts", () => this.counts()],
    ]);
    const fault = byName.get(name);
    check(fault, 40400, `There is no fault ${JSON.stringify(name)}.`);
    return fault();
  }

  /** Every frame goes out through here, in order. */
  pass(send: () => void): void {
    if (!this.#isHolding && this.#delay === 0 && this.#waiting.length === 0) return send();
    this.#waiting.push({ send, due: Date.now() + this.#delay });
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    if (this.#isHolding) return;
    const now = Date.now();
    while (this.#waiting[0] && this.#waiting[0].due <= now) this.#waiting.shift()?.send();
    const [next] = this.#waiting;
    if (next) this.#timer = setTimeout(() => this.#flush(), next.due - now);
  }

  #find(connectionId: string): Connection {
    const found = this.#connections.get(connectionId);
    check(found, 40400, `No connection has the id ${JSON.stringify(connectionId)}.`);
    return found;
  }
}
