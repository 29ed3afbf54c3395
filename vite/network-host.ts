/** SHOWN. Gives the page this computer's network address, for a link that a phone can open. */
import { networkInterfaces } from "node:os";
import type { Plugin } from "vite";

export function offerNetworkHost(): Plugin {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
  return {
    name: "offer-network-host",
    apply: "serve",
    config: () => ({ define: { __NETWORK_HOST__: JSON.stringify(found?.address ?? "") } }),
  };
}
