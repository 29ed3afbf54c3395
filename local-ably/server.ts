/**
 * Local Ably: Ably's protocol in this process, for development and tests. It keeps everything in
 * memory, and it is no place for production.
 */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { Auth, type Identity, type Key } from "./auth.ts";
import { Connection, type Host } from "./connection.ts";
import { AblyError, check, toAblyError } from "./error.ts";
import { createFaults } from "./faults.ts";
import { LOCAL_KEYS } from "./keys.ts";
import { isLoopbackOrigin } from "./origin.ts";
import { Action } from "./protocol.ts";
import { answerRest, readCredentials } from "./rest.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";
import { openTransport } from "./transport.ts";

const MAX_HEADER_BYTES = 256 * 1024;
const VERSIONS = /^(1\.2|[2-6])(\.0)?$/;

/** Whether a request is answered: any page on the web can reach a server on this machine. */
type Gate = (request: IncomingMessage) => boolean;

export class LocalAbly implements Host {
  auth: Auth;
  readonly settings: Settings;
  readonly connections = new Map<string, Connection>();
  readonly faults = createFaults(this.connections, () => this.forget());
  readonly #isAllowed: Gate;
  readonly #webSockets: WebSocketServer;

  constructor(keys: Key[], isAllowed: Gate, settings: Partial<Settings> = {}) {
    this.#isAllowed = isAllowed;
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
    this.auth = new Auth(keys, this.settings);
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: this.settings.maxFrameSize,
      verifyClient: ({ req }, answer) => answer(isAllowed(req), 403),
    });
  }

  /** What has no answer, since the client went away or its request line is none, just ends. */
  handleRequest(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#isAllowed(request)) return void response.writeHead(403).end();
    answerRest(request, this)
      .then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
      .catch(() => response.destroy());
  }

  /** A bad credential is answered on the socket: an HTTP 401 would make ably-js retry for ever. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.faults.isRefusing()) return void socket.destroy();
    const [, query] = request.url?.split("?") ?? [];
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on("error", () => webSocket.terminate());
      this.#connect(webSocket, new URLSearchParams(query));
    });
  }

  /** Drops all state and every socket, without a word: nothing is left to close. */
  forget(): void {
    for (const webSocket of this.#webSockets.clients) webSocket.terminate();
    for (const connection of this.connections.values()) connection.close();
    this.auth = new Auth(this.auth.keys, this.settings);
  }

  #connect(webSocket: WebSocket, query: URLSearchParams): void {
    const transport = openTransport(webSocket, query, this.settings, this.faults);
    try {
      const isSpoken = VERSIONS.test(query.get("v") ?? "");
      check(isSpoken, 40017, "The protocol version v must be 1.2, or from 2 to 6.");
      const identity = this.auth.identify(readCredentials(query));
      const { connection, error } = this.#resume(query, identity);
      webSocket.on("message", (data) => connection.receive(transport, data as Buffer));
      webSocket.on("close", () => connection.drop(transport));
      connection.open(transport, identity, error);
    } catch (error) {
      transport.end({ action: Action.ERROR, error: toAblyError(error) });
    }
  }

  /** The connection that `resume` or `recover` asks for, or a new one and why it is new. */
  #resume(query: URLSearchParams, identity: Identity) {
    const key = query.get("resume") ?? query.get("recover");
    const known = Connection.find(this, key ?? "");
    const isSame = known?.identity.keyName === identity.keyName;
    const isOwn = !isSame || known?.identity.clientId === identity.clientId;
    check(isOwn, 40102, "The connection to resume is of another clientId.");
    // Version 1.2 does not attach again after a resume, and has nothing to tell what it missed by.
    if (isSame && query.get("v") !== "1.2") return { connection: known };
    const { maxConnections } = this.settings;
    const hasRoom = this.connections.size < maxConnections;
    check(hasRoom, 40111, `Local Ably keeps ${maxConnections} connections at the most.`, 403);
    const connection = new Connection(this, identity);
    if (key === null) return { connection };
    const error = key.startsWith(`${identity.app.epoch}!`)
      ? new AblyError(80008, "The connection's state is no longer kept.")
      : new AblyError(80018, "The connection key is not one of this server's.");
    return { connection, error };
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
  settings = {} as Partial<Settings>,
} = {}) {
  const ably = new LocalAbly(keys, isLoopbackOrigin, settings);
  // Whoever is silent before a whole request has come is dropped, as is a silent WebSocket.
  const { maxIdleInterval: ms } = ably.settings;
  const patience = { headersTimeout: ms, requestTimeout: ms, connectionsCheckingInterval: ms };
  // A token holds its capability, which may be long.
  const options = { ...patience, maxHeaderSize: MAX_HEADER_BYTES };
  const server = createServer(options, (request, response) =>
    ably.handleRequest(request, response),
  );
  server.on("upgrade", (request, socket, head) => ably.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(askedPort, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    port,
    faults: ably.faults.byName,
    /** Ends every connection first. */
    async close() {
      ably.forget();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type RunningLocalAbly = Awaited<ReturnType<typeof startLocalAbly>>;
