import type { ConnectionStateChange } from "ably";
import { BaseRealtime, RealtimePresence, WebSocketTransport, XHRPolling } from "ably/modular";
import { type Fault, readFault } from "./fault.ts";
import { AUTH_URL, type TokenStep, watchTokenRequests } from "./token-requests.ts";

export type Client = BaseRealtime;

export type ConnectionStatus = {
  state: ConnectionStateChange["current"];
  fault?: Fault | undefined;
  /** `web_socket` or `xhr_polling`, while connected. */
  transport?: string | undefined;
  /** The fault is that no token could be had: the function refused, or Ably refused its key. */
  isTokenFault: boolean;
  /** The token has ended and the next one is on its way: no news unless that fails. */
  isRenewal: boolean;
};

/** https://github.com/ably/ably-common/blob/main/protocol/errors.json */
const TOKEN_REQUEST_FAILED = 80019;
const TOKEN_EXPIRED = 40142;

/** Local Ably answers on the page's own origin, wherever that is: a forwarded port, a phone. */
function localAbly() {
  const { hostname, port, protocol } = location;
  const tls = protocol === "https:";
  const number = Number(port) || (tls ? 443 : 80);
  return { endpoint: hostname, port: number, tlsPort: number, tls };
}

/**
 * The one Ably client of the page. It asks the function for a signed token request whenever it
 * needs a token, and the function decides who it is.
 */
export function connect(
  clientId: string,
  onTokenStep: (step: TokenStep) => void = () => {},
): Client {
  const client = new BaseRealtime({
    authUrl: AUTH_URL,
    authParams: { clientId },
    plugins: {
      WebSocketTransport,
      RealtimePresence,
      // Where WebSockets are blocked. Local Ably has no such transport: tried there, it would end
      // the connection for good, where a dropped WebSocket is tried again.
      ...(!__LOCAL_ABLY__ && { XHRPolling }),
      FetchRequest: watchTokenRequests(onTokenStep),
    },
    // The SDK would close for good at a click on a download or a mailto: link, where the page stays,
    // and before the page is kept for the way back, which it then resumes on.
    closeOnUnload: false,
    ...(__LOCAL_ABLY__ && localAbly()),
  });
  addEventListener("pagehide", ({ persisted }) => persisted || client.close());
  return client;
}

/** Tells the state after each change. Returns its undo. */
export function watchConnection(
  { connection }: Client,
  listener: (status: ConnectionStatus) => void,
): () => void {
  let isRenewal = false;
  const tell = ({ current, reason }: Pick<ConnectionStateChange, "current" | "reason">) => {
    isRenewal = reason?.code === TOKEN_EXPIRED || (isRenewal && current === "connecting");
    listener({
      state: current,
      fault: reason && readFault(reason),
      transport: current === "connected" ? readTransport(connection) : undefined,
      isTokenFault: reason?.code === TOKEN_REQUEST_FAILED,
      isRenewal,
    });
  };
  connection.on(tell);
  return () => connection.off(tell);
}

/** No public part of the SDK tells it: should this ever move, the page shows a dash. */
function readTransport(connection: Client["connection"]): string | undefined {
  const { connectionManager } = connection as unknown as {
    connectionManager?: {
      activeProtocol?: { getTransport?(): { shortName?: string } | undefined };
    };
  };
  return connectionManager?.activeProtocol?.getTransport?.()?.shortName;
}

/** A round trip to Ably and back, now and every so often while connected, in ms. Returns its undo. */
export function watchRoundTrip(
  { connection }: Client,
  everyMs: number,
  listener: (ms: number) => void,
): () => void {
  const measure = () => {
    if (connection.state !== "connected" || document.hidden) return;
    // A ping that is lost with its connection says nothing: the state change does.
    connection.ping().then(listener, () => {});
  };
  connection.on("connected", measure);
  const timer = setInterval(measure, everyMs);
  return () => {
    connection.off("connected", measure);
    clearInterval(timer);
  };
}
