/**
 * Local Ably: Ably's protocol in this process, for development and tests. It keeps everything in
 * memory, and it is no place for production.
 */
import { randomBytes } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type WebSocket, WebSocketServer } from "ws";
import { App } from "./app.ts";
import { Auth, type Identity, type Key, appIdOf, mergeIdentity } from "./auth.ts";
import { Connection } from "./connection.ts";
import { AblyError, toAblyError } from "./error.ts";
import { Faults } from "./faults.ts";
import { decode } from "./format.ts";
import { LOCAL_KEYS } from "./keys.ts";
import { isLoopbackOrigin, refuseUpgrade } from "./origin.ts";
import { Action, isRecord, parseFrame } from "./protocol.ts";
import { answerRest, readCredentials } from "./rest.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";
import { Transport, checkVersion, readTransportParams } from "./transport.ts";

export class LocalAbly {
  auth: Auth;
  serverId = newServerId();
  readonly faults = new Faults(this);
  readonly #keys: Key[];
  readonly #settings: Settings;
  readonly #apps = new Map<string, App>();
  readonly #connections = new Map<string, Connection>();
  readonly #webSockets: WebSocketServer;

  constructor(keys: Key[], settings: Partial<Settings> = {}) {
    this.#keys = keys;
    this.auth = new Auth(keys);
    this.#settings = { ...DEFAULT_SETTINGS, ...settings };
    const { maxFrameSize: maxPayload } = this.#settings;
    this.#webSockets = new WebSocketServer({ noServer: true, maxPayload });
  }

  connections(): Connection[] {
    return [...this.#connections.values()];
  }

  async handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = answerRest(request, await buffer(request), this);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      // The client went away, or its request line is none.
      response.destroy();
    }
  }

  /** A bad credential is answered on the socket: an HTTP 401 would make ably-js retry for ever. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.faults.isRefusing) return void socket.destroy();
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on("error", () => webSocket.terminate());
      this.#connect(webSocket, new URL(request.url ?? "/", "http://local-ably").searchParams);
    });
  }

  app(id: string): App {
    const app = this.#apps.get(id) ?? new App(this.#settings);
    this.#apps.set(id, app);
    return app;
  }

  findConnection(connectionKey: string): Connection | undefined {
    const connection = this.#connections.get(connectionKey.split("!")[1] ?? "");
    return connection?.isOpenedBy(connectionKey) ? connection : undefined;
  }

  onGone(connection: Connection): void {
    this.#connections.delete(connection.id);
  }

  /** Drops all state and every socket, without a word: nothing is left to close. */
  forget(): void {
    for (const webSocket of this.#webSockets.clients) webSocket.terminate();
    for (const connection of this.connections()) connection.close();
    this.#apps.clear();
    this.auth = new Auth(this.#keys);
    this.serverId = newServerId();
  }

  #connect(webSocket: WebSocket, query: URLSearchParams): void {
    const params = readTransportParams(query, this.#settings);
    const transport = new Transport(webSocket, params, this.faults);
    try {
      checkVersion(query);
      const credentials = this.auth.identify(readCredentials(query));
      const identity = mergeIdentity(credentials, query.get("clientId") ?? undefined);
      const { connection, error } = this.#resume(query, identity);
      webSocket.on("message", (data) => receive(connection, transport, data as Buffer));
      webSocket.on("close", () => connection.drop(transport));
      connection.open(transport, identity, error);
    } catch (error) {
      transport.end({ action: Action.ERROR, error: toAblyError(error).toJSON() });
    }
  }

  /** The connection that `resume` or `recover` asks for, or a new one and why it is new. */
  #resume(query: URLSearchParams, identity: Identity) {
    const key = query.get("resume") ?? query.get("recover");
    const known = this.findConnection(key ?? "");
    const isSame =
      known?.identity.keyName === identity.keyName && known.identity.clientId === identity.clientId;
    // Version 1.2 does not attach again after a resume, and has nothing to tell what it missed by.
    if (isSame && query.get("v") !== "1.2") return { connection: known };
    const connection = new Connection(this.app(appIdOf(identity.keyName)), identity, this);
    this.#connections.set(connection.id, connection);
    return { connection, ...(key !== null && { error: this.#whyNotResumed(key) }) };
  }

  #whyNotResumed(key: string): AblyError {
    const isOurs = key.startsWith(`${this.serverId}!`);
    return isOurs
      ? new AblyError(80008, 400, "The connection's state is no longer kept.")
      : new AblyError(80018, 400, "The connection key is not one of this server's.");
  }
}

/**
 * Starts local Ably on a port of its own. Pages may connect to it from any port of this machine.
 * @param port 0, the default, takes any free one. Rejects with the system's error if it is taken.
 */
export async function startLocalAbly({
  port: askedPort = 0,
  host = "127.0.0.1",
  keys = LOCAL_KEYS,
  settings,
}: {
  port?: number;
  host?: string;
  keys?: Key[];
  settings?: Partial<Settings>;
} = {}) {
  const ably = new LocalAbly(keys, settings);
  const server = createServer((request, response) => void ably.handleRequest(request, response));
  server.on("upgrade", (request, socket, head) => {
    if (isLoopbackOrigin(request)) ably.handleUpgrade(request, socket, head);
    else refuseUpgrade(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(askedPort, host, resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : askedPort;
  return {
    url: `http://${host}:${port}`,
    port,
    faults: ably.faults,
    /** Ends every connection first. */
    async close() {
      ably.forget();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type RunningLocalAbly = Awaited<ReturnType<typeof startLocalAbly>>;

/** A frame that is no frame: a NACK if it awaits an answer, else the end of the connection. */
function receive(connection: Connection, transport: Transport, data: Buffer): void {
  // The last words of a socket that was closed or replaced.
  if (connection.transport !== transport) return;
  let value: unknown;
  try {
    value = decode(data, transport.params.format);
    connection.receive(parseFrame(value));
  } catch (thrown) {
    const error = toAblyError(thrown);
    const msgSerial = isRecord(value) ? value.msgSerial : undefined;
    if (typeof msgSerial === "number") connection.refuse(msgSerial, error);
    else connection.close({ action: Action.ERROR, error: error.toJSON() });
  }
}

/** Without a dot: connection keys begin with it. */
function newServerId(): string {
  return `local-ably-${randomBytes(4).toString("hex")}`;
}
