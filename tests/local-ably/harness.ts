import Ably from "ably";
import { afterEach } from "vitest";
import { LOCAL_KEYS } from "../../local-ably/keys.ts";
import type { Key } from "../../local-ably/auth.ts";
import { type RunningLocalAbly, startLocalAbly } from "../../local-ably/server.ts";
import type { Settings } from "../../local-ably/settings.ts";

const PATIENCE_MS = 10_000;

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

export async function start(
  settings: Partial<Settings> = {},
  keys: Key[] = LOCAL_KEYS,
): Promise<RunningLocalAbly> {
  const server = await startLocalAbly({ keys, settings });
  atEnd(() => server.close());
  return server;
}

/** Client options that lead to a local Ably. Basic auth needs TLS, which a test does without. */
export function optionsFor(server: { port: number }, format: Format): Ably.ClientOptions {
  return {
    endpoint: "127.0.0.1",
    port: server.port,
    tls: false,
    useBinaryProtocol: format === "msgpack",
    // What the tests want to know of errors, they read from states and rejections.
    logLevel: 0,
  };
}

/** A token request signed as the function does it, by the real SDK. */
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

/** The stock Node client, closed at the end of the test. */
export function realtime(
  server: { port: number },
  {
    format = "json",
    params = {},
    key = LOCAL_KEY,
    ...options
  }: Ably.ClientOptions & {
    format?: Format;
    params?: Ably.TokenParams;
  } = {},
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
  {
    format = "json",
    params = {},
    key = LOCAL_KEY,
    ...options
  }: Ably.ClientOptions & {
    format?: Format;
    params?: Ably.TokenParams;
  } = {},
): Ably.Rest {
  return new Ably.Rest({
    ...optionsFor(server, format),
    authCallback: signer(key, params),
    ...options,
  });
}

/** Resolves once connected; rejects with the reason if that fails for good. */
export async function connected(client: Ably.Realtime): Promise<Ably.Realtime> {
  await reached(client, "connected");
  return client;
}

/** The state change that reaches a state, or the present state if it is that. */
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

/** The next state change of a connection or a channel to a state, from now on. */
export function next<Change>(
  emitter: { once(event: never, listener: (change: Change) => void): void },
  event: string,
): Promise<Change> {
  const happened = new Promise<Change>((resolve) => emitter.once(event as never, resolve));
  return within(happened, event);
}

/** Fails with a name instead of hanging. */
export function within<T>(promise: Promise<T>, awaited: string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited in vain for: ${awaited}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Collects what arrives, and lets a test await the next of it. */
export class Inbox<T> {
  readonly all: T[] = [];
  #wake: () => void = () => {};

  readonly add = (item: T): void => {
    this.all.push(item);
    this.#wake();
  };

  /** Everything, once there are at least so many. */
  async atLeast(count: number, what = `${count} items`): Promise<T[]> {
    while (this.all.length < count) {
      await within(
        new Promise<void>((resolve) => (this.#wake = resolve)),
        `${what}, has ${this.all.length}`,
      );
    }
    return this.all;
  }
}

/** The rejection of a promise that must not resolve. */
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

/** Breaks the client's socket as a lost network does, without a close frame. */
export function cutSocketOf(client: Ably.Realtime, server: RunningLocalAbly): void {
  const connection = server.ably.connections.find(({ id }) => id === client.connection.id);
  if (!connection) throw new Error("That client is not connected");
  connection.cut();
}
