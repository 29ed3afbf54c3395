import type { ConnectionStateChange } from "ably";
import {
  BaseRealtime,
  FetchRequest,
  RealtimePresence,
  WebSocketTransport,
  XHRPolling,
} from "ably/modular";
import { type Fault, readFault } from "./fault.ts";

export type Client = BaseRealtime;

export type ConnectionStatus = {
  state:
    | "initialized"
    | "connecting"
    | "connected"
    | "disconnected"
    | "suspended"
    | "closing"
    | "closed"
    | "failed";
  fault?: Fault | undefined;
  /** The fault is that no token could be had: the function refused, or Ably refused its key. */
  isTokenFault: boolean;
};

/** https://github.com/ably/ably-common/blob/main/protocol/errors.json: token request failed */
const TOKEN_REQUEST_FAILED = 80019;

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
export function connect(clientId: string): Client {
  return new BaseRealtime({
    authUrl: "/.netlify/functions/ably-token-request",
    authParams: { clientId },
    plugins: { WebSocketTransport, XHRPolling, FetchRequest, RealtimePresence },
    ...(__LOCAL_ABLY__ && localAbly()),
  });
}

/** Tells the state now and after each change. Returns its undo. */
export function watchConnection(
  { connection }: Client,
  listener: (status: ConnectionStatus) => void,
): () => void {
  const tell = ({ current, reason }: Pick<ConnectionStateChange, "current" | "reason">) =>
    listener({
      state: current,
      fault: reason && readFault(reason),
      isTokenFault: reason?.code === TOKEN_REQUEST_FAILED,
    });
  tell({ current: connection.state, reason: connection.errorReason });
  connection.on(tell);
  return () => connection.off(tell);
}
