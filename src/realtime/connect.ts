import type { ClientOptions, ConnectionStateChange } from "ably";
import { BaseRealtime, RealtimePresence, WebSocketTransport, XHRPolling } from "ably/modular";
import { type ErrorInfo, isTokenError, readError } from "./error-info.ts";
import type { TokenResponse } from "./errors.ts";
import { rememberClientId } from "./identity.ts";
import { TokenRequests, type TokenStep } from "./token-requests.ts";
import { forgetTokens, loadToken } from "./token.ts";
import { withSafeDecoding } from "./transport.ts";

export type Client = BaseRealtime;

export type ConnectionStatus = {
  state: ConnectionStateChange["current"];
  error?: ErrorInfo | undefined;
  /** Who answered, if the error is that no token could be obtained. See `classifyError`. */
  response?: TokenResponse | undefined;
  /** The token has expired and the client fetches the next one. It is no problem unless that fails. */
  isRenewal: boolean;
};

export type ConnectionEvents = {
  status?(status: ConnectionStatus): void;
  token?(step: TokenStep): void;
  /** The connection is open, over `web_socket` or `xhr_polling`. */
  transport?(name: string): void;
};

export const AUTH_URL = "/.netlify/functions/ably-token-request";

const TOKEN_EXPIRED = 40142;

/** Creates the one Ably client of the page. The function signs its token requests. */
export function connect(clientId: string, events: ConnectionEvents = {}): Client {
  const requests = new TokenRequests(AUTH_URL, (step) => events.token?.(step));
  const tokenDetails = loadToken(clientId);
  const safe = (transport: unknown) =>
    withSafeDecoding(transport, (name) => events.transport?.(name));
  const options: ClientOptions = {
    authUrl: AUTH_URL,
    authParams: { clientId },
    // Otherwise the SDK closes the connection for good at a click on a download or a mailto: link,
    // and before the page enters the back/forward cache.
    closeOnUnload: false,
  };
  if (tokenDetails) options.tokenDetails = tokenDetails;
  const client = new BaseRealtime({
    ...options,
    ...(__LOCAL_ABLY__ ? localAblyAddress() : {}),
    plugins: {
      RealtimePresence,
      FetchRequest: requests.fetch,
      WebSocketTransport: safe(WebSocketTransport),
      // For networks that block WebSockets. Local Ably has no such transport.
      ...(__LOCAL_ABLY__ ? {} : { XHRPolling: safe(XHRPolling) }),
    },
  });
  if (tokenDetails) events.token?.({ type: "token-reused", expires: tokenDetails.expires });
  rememberClientId(client, clientId);
  watchConnection(client, requests, tokenDetails !== undefined, events);
  addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) client.close();
  });
  return client;
}

/** Reports each state of the connection, and replaces a stored token that Ably refuses. */
function watchConnection(
  client: Client,
  requests: TokenRequests,
  isStoredTokenUsed: boolean,
  events: ConnectionEvents,
): void {
  let isRenewal = false;
  let mayReplaceToken = isStoredTokenUsed;
  client.connection.on(({ current, reason }: ConnectionStateChange) => {
    if (current === "failed" && mayReplaceToken) {
      mayReplaceToken = false;
      forgetTokens();
      // The connection's next state reports a failure.
      client.auth.authorize().catch(() => {});
      return;
    }
    if (current === "connected") mayReplaceToken = false;
    isRenewal = reason?.code === TOKEN_EXPIRED || (isRenewal && current === "connecting");
    const error = reason && readError(reason);
    const response = isTokenError(reason) ? requests.lastResponse : undefined;
    events.status?.({ state: current, error, response, isRenewal });
  });
}

/** Local Ably answers on the page's own origin: a forwarded port and a phone reach it too. */
function localAblyAddress(): ClientOptions {
  const { hostname, port, protocol } = location;
  const tls = protocol === "https:";
  const number = Number(port) || (tls ? 443 : 80);
  // The SDK takes any other name for one of Ably's routing policies, and accepts it as a host only
  // in this older option.
  const isHost = /[.]|::/.test(hostname) || hostname === "localhost";
  const host = isHost ? { endpoint: hostname } : { restHost: hostname };
  return { ...host, port: number, tlsPort: number, tls };
}
