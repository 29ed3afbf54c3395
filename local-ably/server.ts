/** Ably's protocol on this machine, in memory, for development and tests. Never in production. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { Auth, type Identity, type Key } from "./auth.ts";
import { Connection } from "./connection.ts";
import { AblyError, assert, toAblyError } from "./error.ts";
import { type Faults, createFaults } from "./faults.ts";
import { LOCAL_KEYS } from "./keys.ts";
import { Network } from "./network.ts";
import { type AllowedHosts, isSameHost } from "./origin.ts";
import { Action } from "./protocol.ts";
import { type Host, answerRest, readCredentials } from "./rest.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";
import { Transport } from "./transport.ts";

const VERSIONS = /^(1\.2|[2-6])(\.0)?$/;
type IsAllowed = (request: IncomingMessage) => boolean;

export class LocalAbly implements Host {
  auth: Auth;
  readonly settings: Settings;
  readonly connections = new Map<string, Connection>();
  readonly network = new Network();
  readonly faults: Faults = createFaults(this);
  readonly #keys: Key[];
  readonly #isAllowed: IsAllowed;
  readonly #webSockets: WebSocketServer;

  constructor(keys: Key[], isAllowed: IsAllowed, settings: Partial<Settings> = {}) {
    this.#keys = keys;
    this.#isAllowed = isAllowed;
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
    this.auth = new Auth(keys, this.settings);
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: this.settings.maxFrameSize,
      verifyClient: ({ req }, answer) => answer(isAllowed(req), 403, toRefusal(req).message),
    });
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): void {
    const { network, settings } = this;
    // The answer to an earlier request is unsent. Node would queue this one, and never close it.
    if (!response.socket) return void request.socket.destroy();
    const refusal = this.#isAllowed(request) ? undefined : toRefusal(request);
    // For clients that stop sending or reading.
    response.setTimeout(settings.maxIdleInterval, () => response.destroy());
    answerRest(request, this, refusal)
      .then(({ status, headers, body }) => {
        const isFull = network.bytesUnsent > settings.maxBytesUnsentInTotal;
        if (response.destroyed || isFull) return response.destroy();
        network.bytesUnsent += body.length;
        response.once("close", () => {
          network.bytesUnsent -= body.length;
        });
        // Discard the rest of a refused body: some clients read the answer after they sent all.
        request.resume();
        if (request.complete) return response.writeHead(status, headers).end(body);
        const last = { "content-length": body.length, connection: "close" };
        response.writeHead(status, { ...headers, ...last }).write(body);
        request.once("close", () => response.end());
      })
      .catch(() => response.destroy());
  }

  /** Answers bad credentials on the socket: after an HTTP 401, ably-js would retry for ever. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connect = (webSocket: WebSocket) => this.#connect(webSocket, request);
    if (Date.now() < this.network.refusedUntil) socket.destroy();
    else this.#webSockets.handleUpgrade(request, socket, head, connect);
  }

  forget(): void {
    for (const webSocket of this.#webSockets.clients) webSocket.terminate();
    for (const connection of this.connections.values()) connection.close();
    this.auth = new Auth(this.#keys, this.settings);
  }

  #connect(webSocket: WebSocket, { url }: IncomingMessage): void {
    webSocket.on("error", () => webSocket.terminate());
    const query = new URLSearchParams(url?.split("?")[1]);
    const transport = new Transport(webSocket, query, this);
    try {
      assert(VERSIONS.test(query.get("v") ?? ""), 40017, "The version v must be 1.2 or 2 to 6.");
      const identity = this.auth.identify(readCredentials(query));
      const { connection, error } = this.#resume(query, identity);
      webSocket.on("message", (data) => connection.receive(transport, data as Buffer));
      webSocket.on("close", () => connection.drop(transport));
      connection.open(transport, identity, error);
    } catch (error) {
      transport.end({ action: Action.ERROR, error: toAblyError(error) });
    }
  }

  /** Returns the connection to resume or recover, or a new one and the reason why it is new. */
  #resume(query: URLSearchParams, identity: Identity) {
    const key = query.get("resume") ?? query.get("recover");
    const known = Connection.find(this, key ?? "");
    const isSame = known?.identity.keyName === identity.keyName;
    const isAllowed = !isSame || known?.identity.clientId === identity.clientId;
    assert(isAllowed, 40102, "The connection to resume belongs to another clientId.");
    // Version 1.2 does not attach again after a resume, so it would miss messages.
    if (isSame && query.get("v") !== "1.2") return { connection: known };
    this.#makeRoom();
    const connection = new Connection(this, identity);
    if (key === null) return { connection };
    const error = key.startsWith(`${identity.app.epoch}!`)
      ? new AblyError(80008, "The state of the connection is no longer kept.")
      : new AblyError(80018, "The connection key is not from this server.");
    return { connection, error };
  }

  /** Closes the dropped connection that waits longest, if there are too many. Throws 40111. */
  #makeRoom(): void {
    const { maxConnections: max } = this.settings;
    if (this.connections.size < max) return;
    const waiting = [...this.connections.values()].find(({ transport }) => !transport);
    assert(waiting, 40111, `Local Ably allows at most ${max} connections.`, 403);
    waiting.close();
  }
}

function toRefusal({ headers: { origin, host } }: IncomingMessage): AblyError {
  const page = origin ?? `http://${host}`;
  const message = `Local Ably does not answer pages of ${page}. Use localhost or an IP address, or allow the host: see "Host names" in local-ably/README.md.`;
  return new AblyError(40300, message);
}

/**
 * Starts local Ably on its own port. Rejects with the system's error if the port is taken.
 * @param port 0, the default, takes a free port.
 * @param allowedHosts Host names of pages that may connect, beside those that are always safe.
 */
export async function startLocalAbly({
  port: requestedPort = 0,
  host = "127.0.0.1",
  keys = LOCAL_KEYS,
  settings = {} as Partial<Settings>,
  allowedHosts = [] as AllowedHosts,
} = {}) {
  const ably = new LocalAbly(keys, (request) => isSameHost(request, allowedHosts), settings);
  // Clients that do not complete a request are disconnected.
  const { maxIdleInterval: ms } = ably.settings;
  const timeouts = { headersTimeout: ms, requestTimeout: ms, connectionsCheckingInterval: ms };
  // Bytes. A token contains its capability, which may be long.
  const server = createServer({ ...timeouts, maxHeaderSize: 64 * 1024 });
  server.on("request", (request, response) => ably.handleRequest(request, response));
  server.on("upgrade", (request, socket, head) => ably.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(requestedPort, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    faults: ably.faults,
    async close() {
      ably.forget();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type RunningLocalAbly = Awaited<ReturnType<typeof startLocalAbly>>;
