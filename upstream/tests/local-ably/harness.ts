import { createHmac } from "node:crypto";
import { request } from "node:http";
import Ably from "ably";
import { afterEach, vi } from "vitest";
import { WebSocket } from "ws";
import { LOCAL_KEYS } from "../../../local-ably/keys.ts";
import type { Key } from "../../../local-ably/auth.ts";
import { type RunningLocalAbly, startLocalAbly } from "../../../local-ably/server.ts";
import type { Settings } from "../../../local-ably/settings.ts";

export const PATIENCE_MS = 15_000;

export const LOCAL_KEY = LOCAL_KEYS.map(({ name, secret }) => `${name}:${secret}`)[0] ?? "";

export type Format = "json" | "msgpack";
export const FORMATS: Format[] = ["json", "msgpack"];

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Runs at the end of the test, last in first out. */
export function atEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** Sets the clock forward until the end of the test. Timers do not notice. */
export function advanceClock(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms, shouldAdvanceTime: true });
  atEnd(() => vi.useRealTimers());
}

export async function start(
  settings: Partial<Settings> = {},
  keys: Key[] = LOCAL_KEYS,
): Promise<RunningLocalAbly> {
  const server = await startLocalAbly({ keys, settings });
  atEnd(() => server.close());
  return server;
}

/** Client options for local Ably. Without TLS, so Basic auth is not possible. */
export function optionsFor(server: { port: number }, format: Format): Ably.ClientOptions {
  return {
    endpoint: "127.0.0.1",
    port: server.port,
    tls: false,
    useBinaryProtocol: format === "msgpack",
    // Tests read errors from states and rejections.
    logLevel: 0,
  };
}

/** Returns an authCallback that signs token requests with the SDK, as the function does. */
export function signer(key: string = LOCAL_KEY, params: Ably.TokenParams = {}) {
  const rest = new Ably.Rest({ key, logLevel: 0 });
  return (
    asked: Ably.TokenParams,
    done: Parameters<NonNullable<Ably.AuthOptions["authCallback"]>>[1],
  ) => {
    rest.auth.createTokenRequest({ ...asked, ...params }).then(
      (tokenRequest) => done(null, tokenRequest),
      (error) => done(error, null),
    );
  };
}

/** Client options, the format, and the params of token requests. */
type TestOptions = Ably.ClientOptions & { format?: Format; params?: Ably.TokenParams };

/** Returns an unmodified client, and closes it at the end of the test. */
export function realtime(
  server: { port: number },
  { format = "json", params = {}, key = LOCAL_KEY, ...options }: TestOptions = {},
): Ably.Realtime {
  const client = new Ably.Realtime({
    ...optionsFor(server, format),
    ...(!options.token && !options.tokenDetails && { authCallback: signer(key, params) }),
    ...options,
  });
  atEnd(() => client.close());
  return client;
}

export function rest(
  server: { port: number },
  { format = "json", params = {}, key = LOCAL_KEY, ...options }: TestOptions = {},
): Ably.Rest {
  return new Ably.Rest({
    ...optionsFor(server, format),
    authCallback: signer(key, params),
    ...options,
  });
}

/** Waits until the client is connected. */
export async function connected(client: Ably.Realtime): Promise<Ably.Realtime> {
  await reached(client, "connected");
  return client;
}

/** Waits for a state, and returns the change to it. */
export async function reached(
  { connection }: Ably.Realtime,
  state: Ably.ConnectionState,
): Promise<Ably.ConnectionStateChange> {
  const change = await within(connection.whenState(state), `connection ${state}`);
  return (
    change ??
    ({ current: connection.state, reason: connection.errorReason } as Ably.ConnectionStateChange)
  );
}

/** Waits for the next change of a connection or a channel to a state. */
export function next<Change>(
  emitter: { once(event: never, listener: (change: Change) => void): void },
  event: string,
): Promise<Change> {
  const happened = new Promise<Change>((resolve) => emitter.once(event as never, resolve));
  return within(happened, event);
}

/** Rejects after a time, with a message that says what was awaited. */
export function within<T>(promise: Promise<T>, awaited: string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Timed out waiting for: ${awaited}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Collects items, and lets a test wait for more. */
export class Inbox<T> {
  readonly all: T[] = [];
  #wake: () => void = () => {};

  readonly add = (item: T): void => {
    this.all.push(item);
    this.#wake();
  };

  /** Waits for a number of items, and returns all. */
  async atLeast(count: number, what = `${count} items`): Promise<T[]> {
    while (this.all.length < count) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await within(woken, `${what}, has ${this.all.length}`);
    }
    return this.all;
  }
}

/** Returns the error of a promise that must not resolve. */
export async function refusal(promise: Promise<unknown>): Promise<Ably.ErrorInfo> {
  return within(
    promise.then(
      (value) => {
        throw new Error(`Expected a refusal, got ${JSON.stringify(value)}`);
      },
      (error: Ably.ErrorInfo) => error,
    ),
    "a refusal",
  );
}

/** A client of either version of ably-js. */
type AnyClient = {
  connection: {
    id?: string | undefined;
    once(event: never, listener: (change: never) => void): void;
  };
};

/** Cuts the client's socket without a close frame, as a lost network does. */
export function cutSocketOf({ connection }: AnyClient, server: RunningLocalAbly): void {
  server.faults.drop(connection.id ?? "");
}

/** Cuts the client's socket, and refuses new ones until the returned function is called. */
export async function keepAway(client: AnyClient, server: RunningLocalAbly) {
  const away = next(client.connection, "disconnected");
  server.faults.refuseConnections(60_000);
  cutSocketOf(client, server);
  await away;
  return () => server.faults.refuseConnections(0);
}

export type RawFrame = {
  action: number;
  channel?: string;
  connectionId?: string;
  connectionDetails?: Record<string, unknown>;
  error?: { code: number; statusCode: number };
  [field: string]: unknown;
};

/** Sends and receives single frames in JSON, without an SDK. */
export class RawClient {
  readonly inbox = new Inbox<RawFrame>();
  readonly socket: WebSocket;
  readonly #end: Promise<number>;
  #seen = 0;

  constructor(
    server: { url: string },
    query: Record<string, string> = {},
    headers: Record<string, string> = {},
    protocols: string[] = [],
    options: { autoPong?: boolean } = {},
  ) {
    const params = new URLSearchParams({ v: "6", key: LOCAL_KEY, format: "json", ...query });
    const address = `${server.url.replace("http", "ws")}/?${params}`;
    this.socket = new WebSocket(address, protocols, { headers, ...options });
    this.socket.on("message", (data) => this.inbox.add(JSON.parse(String(data))));
    this.#end = new Promise((resolve) => {
      this.socket.on("close", resolve);
      this.socket.on("unexpected-response", (_request, { statusCode = 0 }) => resolve(statusCode));
    });
    this.socket.on("error", () => {});
    atEnd(() => this.socket.terminate());
  }

  /** The close code, or the HTTP status if the upgrade was refused. */
  get closed(): Promise<number> {
    return within(this.#end, "the end of the socket");
  }

  send(frame: RawFrame): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Waits for the next frame. */
  async next(): Promise<RawFrame> {
    this.#seen += 1;
    const frames = await this.inbox.atLeast(this.#seen, `frame ${this.#seen}`);
    return frames[this.#seen - 1] as RawFrame;
  }

  /** Sends a frame, and waits for the next one. */
  ask(frame: RawFrame): Promise<RawFrame> {
    this.send(frame);
    return this.next();
  }
}

/** Signs a JWT independently of the code under test. */
export function jwt(claims: Record<string, unknown>, key: string = LOCAL_KEY): string {
  const [kid, secret = ""] = key.split(":");
  const parts = [{ alg: "HS256", typ: "JWT", kid }, claims];
  const text = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** Returns a time in seconds since the epoch, as in JWTs. */
export function inSeconds(seconds: number): number {
  return Date.now() / 1000 + seconds;
}

/** Collects errors that would end the process of a server. */
export function watchForCrashes(): unknown[] {
  const crashes: unknown[] = [];
  const note = (error: unknown) => crashes.push(error);
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, note);
    atEnd(() => process.off(event, note));
  }
  return crashes;
}

/** Counts the calls of a method until the end of the test: a measure of work that is not time. */
export function countCalls<Name extends string>(
  owner: { [name in Name]: (...args: never[]) => unknown },
  name: Name,
): () => number {
  const original = owner[name];
  let calls = 0;
  owner[name] = function (this: unknown, ...args) {
    calls += 1;
    return original.apply(this, args);
  };
  atEnd(() => {
    owner[name] = original;
  });
  return () => calls;
}

/** Sends a request with headers that fetch does not allow, such as Host. */
export function send(url: string, headers: Record<string, string>, method = "GET") {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: String(Buffer.concat(chunks)) });
      });
    });
    sent.on("error", reject).end();
  });
}
