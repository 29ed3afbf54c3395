/** KEPT until local-ably/ goes. Where the page finds local Ably. */
import type { ClientOptions } from "ably";

/** Local Ably answers on the page's own origin: a forwarded port and a phone reach it too. */
export function localAblyOptions(): ClientOptions {
  const { hostname, port, protocol } = location;
  const tls = protocol === "https:";
  const number = Number(port) || (tls ? 443 : 80);
  // The SDK takes any other name for one of Ably's routing policies, and accepts it as a host only
  // in this older option.
  const isHost = /[.]|::/.test(hostname) || hostname === "localhost";
  const host = isHost ? { endpoint: hostname } : { restHost: hostname };
  // It has no fallback for networks that block WebSockets.
  return { ...host, port: number, tlsPort: number, tls, transports: ["web_socket"] };
}
