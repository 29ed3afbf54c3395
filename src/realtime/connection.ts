/**
 * KEPT. The page's one connection to Ably. `connect` creates it, and it lasts as long as the page:
 * it reconnects by itself after every failure that time can heal.
 */
import type { ConnectionStateChange } from "ably";
import {
  BaseRealtime,
  FetchRequest,
  RealtimePresence,
  WebSocketTransport,
  XHRPolling,
} from "ably/modular";
import {
  type ErrorInfo,
  type TokenResponse,
  callAndReport,
  isTemporary,
  readError,
} from "./errors.ts";
import { localAblyOptions } from "./local-ably.ts"; // delete with local-ably/
import { Retry } from "./retry.ts";
import { makeDecodingSafe } from "./safe-decoding.ts"; // delete with safe-decoding.ts
import { type Storages, openStorages } from "./storage.ts";
import { TokenRequests, type TokenStep } from "./token-requests.ts"; // delete with token-requests.ts
import { forgetToken, loadToken, saveToken } from "./token.ts"; // delete with token.ts

type Client = BaseRealtime;

type AblyOptions = ConstructorParameters<typeof BaseRealtime>[0];

export type ConnectionStatus = {
  state: ConnectionStateChange["current"];
  /** Why there is no connection. While the client connects again, why it had to. */
  error?: ErrorInfo | undefined;
  /** Who answered, if the error is that no token could be obtained. */
  response?: TokenResponse | undefined;
};

/** What happens on the way to a connection, for a page that shows it. */
export type ConnectionStep =
  | TokenStep // delete with token-requests.ts
  /** The tab has a token from an earlier load. It ends at `expires`, in ms since the epoch. */
  | { type: "token-reused"; expires: number }
  /** `isRenewal`: the token has ended. The client connects with the next one, and the status stays. */
  | ({ type: "state"; isRenewal: boolean } & ConnectionStatus)
  /** The connection is open, over `web_socket` or `xhr_polling`. Comes again with each new token. */
  | { type: "transport"; name: string };

export type ConnectOptions = {
  /** Gets each step, from the first one on. */
  observe?: ((step: ConnectionStep) => void) | undefined;
  /** Options of the Ably SDK, in place of those that this file sets, and more of its plugins. */
  ably?: AblyOptions;
  /** The browser's storage and window. A test brings its own. */
  storages?: Storages;
  window?: EventTarget;
};

export const AUTH_URL = "/.netlify/functions/ably-token-request";

const TOKEN_EXPIRED = 40142;
const SIGNED_OUT = "signed-out";
const MIN_RETRY_MS = 2_000;
const MAX_RETRY_MS = 60_000;
/** The SDK tries again before that, unless the clock was set back: it then waits as much longer. */
const SDK_RETRIES_WITHIN_MS = 60_000;

/**
 * Connects to Ably at once, with token requests that the function signs. Call it once in a page.
 * @throws TypeError if the SDK lacks what safe-decoding.ts overrides. delete with safe-decoding.ts
 * @throws Error if the page's address cannot be used, with what to do. delete with local-ably/
 */
export function connect(clientId: string, options: ConnectOptions = {}): Connection {
  return new Connection(clientId, options);
}

export class Connection {
  readonly clientId: string;
  readonly client: Client;
  readonly storages: Storages;
  readonly window: EventTarget | undefined;
  #status: ConnectionStatus = { state: "initialized" };
  readonly #listeners = new Set<(status: ConnectionStatus) => void>();
  readonly #observers = new Set<(step: ConnectionStep) => void>();
  readonly #requests: TokenRequests; // delete with token-requests.ts
  readonly #retry = new Retry(() => this.client.connect(), MIN_RETRY_MS, MAX_RETRY_MS);
  /** When somebody signed out last, as of this load. */
  readonly #signedOutAt: string | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  /** This load began with a stored token, which `renew` has not replaced: a new one may permit more. */
  #usesStoredToken = false;
  /** The renewal of the stored token, while it runs. */
  #replacement: Promise<void> | undefined;
  /** The token has ended, and the SDK connects again with the next one. */
  #isRenewal = false;
  /** The page has not closed the connection, so it comes back after every end. */
  #isWanted = false;

  constructor(clientId: string, options: ConnectOptions) {
    const { observe = () => {}, ably = {}, storages = openStorages() } = options;
    this.clientId = clientId;
    this.storages = storages;
    this.#signedOutAt = storages.site.read(SIGNED_OUT);
    this.window = options.window ?? globalThis.window;
    this.#observers.add(observe);
    // XHRPolling is for networks that block WebSockets.
    const plugins: Record<string, unknown> = { FetchRequest, WebSocketTransport, XHRPolling };
    const onConnected = (name: string) => this.#observe({ type: "transport", name }); // delete with safe-decoding.ts
    makeDecodingSafe(plugins, onConnected); // delete with safe-decoding.ts
    this.#requests = new TokenRequests(ably.authUrl ?? AUTH_URL, this.#observe); // delete with token-requests.ts
    this.#requests.onToken = (token) => saveToken(token, storages.tab); // delete with token.ts
    plugins.FetchRequest = this.#requests.fetch; // delete with token-requests.ts
    const tokenDetails = loadToken(clientId, storages.tab); // delete with token.ts
    this.#usesStoredToken = tokenDetails !== undefined; // delete with token.ts
    if (tokenDetails) this.#observe({ type: "token-reused", expires: tokenDetails.expires }); // delete with token.ts
    this.client = new BaseRealtime({
      authUrl: AUTH_URL,
      // The SDK fails if the function signs for another one.
      clientId,
      // Otherwise the SDK closes the connection for good at a click on a download or a mailto: link,
      // and before the page enters the back/forward cache.
      closeOnUnload: false,
      ...(__LOCAL_ABLY__ && localAblyOptions()), // delete with local-ably/
      ...(tokenDetails && { tokenDetails }), // delete with token.ts
      ...ably,
      plugins: { RealtimePresence, ...ably.plugins, ...plugins },
    });
    this.client.connection.on(this.#onState);
    // A closed page, too, may come back from the browser's cache after a sign-out.
    this.window?.addEventListener("pageshow", this.#onPageShow);
    this.#keepOpen();
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Calls the listener whenever the status changes, and not with the present one. Returns its cleanup. */
  onStatus(listener: (status: ConnectionStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listener at each step from now on, as `observe`. */
  onStep(listener: (step: ConnectionStep) => void): void {
    this.#observers.add(listener);
  }

  /** Tries to connect at once, if there is no connection. */
  retry(): void {
    this.#keepOpen();
    this.#retry.reset();
    this.client.connect();
  }

  /**
   * Fetches a new token for the same client ID, for when the function permits more than before.
   * Resolves when Ably has accepted it. Rooms that it opens begin to attach then. Rejects if the
   * function or Ably refuses.
   */
  async renew(): Promise<void> {
    this.#usesStoredToken = false;
    forgetToken(this.clientId, this.storages.tab); // delete with token.ts
    await this.client.auth.authorize();
  }

  /** Opens another connection with a new token. Rooms stay open, and what is unsent is kept. */
  async restart(): Promise<void> {
    this.#keepOpen();
    await this.#closeAndWait();
    if (!this.#isWanted) return;
    // `renew` connects when it has a token. If it gets none, an attempt to connect reports why.
    await this.renew().catch(this.#connect);
  }

  /** Opens another connection, so that the SDK forgets what Ably has not acknowledged. */
  async reconnect(): Promise<void> {
    await this.#closeAndWait();
    this.#connect();
  }

  /**
   * Closes the connection, and deletes all that this tab has stored: name, drafts, unsent messages,
   * token. The site forgets what is stored under `person`. Load the page again for the next person.
   */
  signOut(): void {
    const { tab, site } = this.storages;
    this.close();
    tab.end();
    site.removeAll("person");
    const mark = () => site.write(String(Date.now()), SIGNED_OUT);
    if (mark()) return;
    // The storage is full.
    site.removeAll("published");
    mark();
  }

  close(): void {
    this.#isWanted = false;
    this.#retry.reset();
    this.client.close();
    this.window?.removeEventListener("pagehide", this.#onPageHide);
  }

  /**
   * Renews the token if this load began with a stored one, once for all rooms. Otherwise returns
   * undefined.
   */
  renewStoredToken(): Promise<void> | undefined {
    if (this.#usesStoredToken) {
      this.#replacement = this.renew()
        .catch((error) => {
          // An open connection keeps the stored token.
          this.#usesStoredToken = this.client.connection.state === "connected";
          throw error;
        })
        .finally(() => {
          this.#replacement = undefined;
        });
    }
    return this.#replacement;
  }

  #keepOpen(): void {
    this.#isWanted = true;
    this.window?.addEventListener("pagehide", this.#onPageHide);
  }

  readonly #observe = (step: ConnectionStep): void => {
    for (const observer of this.#observers) callAndReport(() => observer(step));
  };

  readonly #connect = (): void => {
    if (this.#isWanted) this.client.connect();
  };

  readonly #onState = ({ current, reason }: ConnectionStateChange): void => {
    // It was closed while it waited for a token.
    if (current === "connected" && !this.#isWanted) return this.client.close();
    if (current === "failed" && this.#usesStoredToken) {
      // A new token may help: the next state says so. If there is none, it says why.
      return void this.renewStoredToken()?.catch(this.#connect);
    }
    this.#isRenewal =
      reason?.code === TOKEN_EXPIRED || (this.#isRenewal && current === "connecting");
    const error = reason && readError(reason);
    let response: TokenResponse | undefined;
    response = this.#requests.responseTo(reason); // delete with token-requests.ts
    const status = { state: current, error, response };
    this.#observe({ type: "state", isRenewal: this.#isRenewal, ...status });
    // A connection that could not be resumed says so, and is well.
    if (current === "connected") status.error = undefined;
    clearTimeout(this.#watchdog);
    if (current === "disconnected")
      this.#watchdog = setTimeout(this.#connect, SDK_RETRIES_WITHIN_MS);
    if (current === "connected") this.#retry.reset();
    const isHealing = current === "failed" && error && isTemporary(error);
    if (isHealing || (current === "closed" && this.#isWanted)) this.#retry.later();
    if (this.#isRenewal) return;
    // A new attempt has no error yet: the last one still explains why there is no connection.
    this.#status = current === "connecting" ? { ...this.#status, state: current } : status;
    for (const listener of this.#listeners) callAndReport(() => listener(this.#status));
  };

  readonly #onPageHide = (event: Event): void => {
    // A page in the back/forward cache keeps its connection.
    if ("persisted" in event && event.persisted) return;
    this.close();
  };

  /** The page may be back from the browser's cache after somebody has signed out. */
  readonly #onPageShow = (): void => {
    if (this.storages.site.read(SIGNED_OUT) === this.#signedOutAt) return;
    this.close();
    location.reload();
  };

  async #closeAndWait(): Promise<void> {
    const { connection } = this.client;
    if (connection.state !== "failed" && connection.state !== "initialized") {
      this.client.close();
      await connection.whenState("closed");
    }
    this.#retry.reset();
  }
}
