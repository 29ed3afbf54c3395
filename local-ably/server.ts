/**
 * Local Ably: Ably's protocol in this process, for development and tests. It keeps everything in
 * memory, and it is no place for production.
 */
import { randomBytes } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { App } from "./app.ts";
import { Auth, type Identity, type Key } from "./auth.ts";
import { Connection, mergeIdentity, readConnectionKey } from "./connection.ts";
import { AblyError, toAblyError } from "./error.ts";
import { decode } from "./format.ts";
import { Action, isRecord, parseFrame } from "./protocol.ts";
import { answerRest, readCredentials } from "./rest.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";
import { Transport, readTransportParams } from "./transport.ts";

const SWEEP_INTERVAL_MS = 60_000;
const MAX_BODY_BYTES = 1_048_576;

export class LocalAbly {
  readonly settings: Settings;
  readonly #auth: Auth;
  readonly #serverId = `local-ably.${randomBytes(4).toString("hex")}`;
  readonly #apps = new Map<string, App>();
  readonly #connections = new Map<string, Connection>();
  readonly #webSockets: WebSocketServer;
  readonly #sweep: NodeJS.Timeout;

  constructor(keys: Key[], settings: Partial<Settings> = {}) {
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
    this.#auth = new Auth(keys);
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: this.settings.maxFrameSize,
    });
    this.#sweep = setInterval(() => {
      for (const app of this.#apps.values()) app.sweep();
    }, SWEEP_INTERVAL_MS);
    this.#sweep.unref();
  }

  /** Every connection whose socket is open, for tests and faults. */
  get connections(): Connection[] {
    return [...this.#connections.values()].filter(({ isOpen }) => isOpen);
  }

  async handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const { method = "GET", url = "/", headers } = request;
    const answer = answerRest(
      { method, url, headers, body },
      {
        auth: this.#auth,
        serverId: this.#serverId,
        app: (id) => this.#app(id),
        connection: (id) => this.#connections.get(id),
      },
    );
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  /** A bad credential is answered on the socket: an HTTP 401 would make ably-js retry for ever. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on("error", () => webSocket.terminate());
      this.#connect(webSocket, new URL(request.url ?? "/", "http://local-ably").searchParams);
    });
  }

  close(): void {
    clearInterval(this.#sweep);
    for (const webSocket of this.#webSockets.clients) webSocket.terminate();
    for (const connection of this.#connections.values()) connection.close();
  }

  #connect(webSocket: WebSocket, query: URLSearchParams): void {
    const transport = new Transport(webSocket, readTransportParams(query, this.settings));
    try {
      const claimed = query.get("clientId") ?? undefined;
      const identity = mergeIdentity(this.#auth.identify(readCredentials(query)), claimed);
      const { connection, error } = this.#resume(query, identity);
      webSocket.on("message", (data) => receive(connection, transport, data));
      webSocket.on("close", () => connection.drop(transport));
      connection.open(transport, identity, error);
    } catch (error) {
      transport.end({ action: Action.ERROR, error: toAblyError(error).toJSON() });
    }
  }

  /** The connection that `resume` or `recover` asks for, or a new one and why it is new. */
  #resume(
    query: URLSearchParams,
    identity: Identity,
  ): { connection: Connection; error?: AblyError } {
    const key = query.get("resume") ?? query.get("recover");
    if (key === null) return { connection: this.#newConnection(identity) };
    const id = readConnectionKey(key);
    const known = id === undefined ? undefined : this.#connections.get(id);
    if (known && isSameClient(known, identity)) return { connection: known };
    const error =
      id === undefined
        ? new AblyError(80018, 400, "The connection key is not one of this server's.")
        : new AblyError(80008, 400, "The connection's state is no longer kept.");
    return { connection: this.#newConnection(identity), error };
  }

  #newConnection(identity: Identity): Connection {
    const app = this.#app(identity.appId);
    const connection: Connection = new Connection(app, this.#auth, identity, this.#serverId, () =>
      this.#connections.delete(connection.id),
    );
    this.#connections.set(connection.id, connection);
    return connection;
  }

  #app(id: string): App {
    const known = this.#apps.get(id);
    if (known) return known;
    const app = new App(id, this.settings);
    this.#apps.set(id, app);
    return app;
  }
}

/** What the caller of `startLocalAbly` gets. `close` ends every connection first. */
export type RunningLocalAbly = {
  url: string;
  port: number;
  ably: LocalAbly;
  close(): Promise<void>;
};

/**
 * Starts local Ably on a port of its own.
 * @param port 0, the default, takes any free one. Rejects with the system's error if it is taken.
 */
export async function startLocalAbly({
  port = 0,
  host = "127.0.0.1",
  keys,
  settings,
}: {
  port?: number;
  host?: string;
  keys: Key[];
  settings?: Partial<Settings>;
}): Promise<RunningLocalAbly> {
  const ably = new LocalAbly(keys, settings);
  const server = createServer((request, response) => void ably.handleRequest(request, response));
  server.on("upgrade", (request, socket, head) => ably.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    port: address.port,
    ably,
    async close() {
      ably.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function receive(connection: Connection, transport: Transport, data: RawData): void {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data as ArrayBuffer);
  let value: unknown;
  try {
    value = decode(bytes, transport.params.format);
    connection.receive(parseFrame(value));
  } catch (thrown) {
    refuse(connection, value, toAblyError(thrown));
  }
}

/** A frame that is no frame: a NACK if it awaits an answer, else the end of the connection. */
function refuse(connection: Connection, value: unknown, { code, statusCode, message }: AblyError) {
  const error = new AblyError(code, statusCode, message).toJSON();
  if (isRecord(value) && Number.isSafeInteger(value.msgSerial)) {
    const msgSerial = value.msgSerial as number;
    connection.send({ action: Action.NACK, msgSerial, count: 1, error });
  } else {
    connection.close({ action: Action.ERROR, error });
  }
}

function isSameClient({ appId, identity: { clientId } }: Connection, identity: Identity): boolean {
  return appId === identity.appId && clientId === identity.clientId;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
