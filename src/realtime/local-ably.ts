/** KEPT until local-ably/ goes. Where the page finds local Ably. */
import type { ClientOptions } from "ably";

/** Local Ably answers on the page's own origin: a forwarded port and a phone reach it too. */
export function localAblyOptions(): ClientOptions {
  const { hostname, port, protocol } = location;
  // The SDK takes a name without a dot for one of Ably's routing policies, and would connect to
  // Ably's cloud.
  if (!/[.]|::/.test(hostname) && hostname !== "localhost") {
    throw new Error(
      `Local Ably cannot be reached at "${hostname}". Open this page at localhost, at a name with a dot, or at an IP address that has a dot or “::”.`,
    );
  }
  const tls = protocol === "https:";
  const number = Number(port) || (tls ? 443 : 80);
  // It has no fallback for networks that block WebSockets.
  return { endpoint: hostname, port: number, tlsPort: number, tls, transports: ["web_socket"] };
}
