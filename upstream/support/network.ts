import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { createServer } from "node:tls";
import { generate } from "selfsigned";
import { type Listening, listen } from "./listening.ts";

/** What ably-js looks for at internet-up.ably-realtime.com before it tries another host or transport. */
const INTERNET_IS_UP =
  "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 4\r\nconnection: close\r\n\r\nyes\n";

export type Network = Listening & {
  /** As a proxy does that knows no WebSockets: it lets them out, and never back. */
  blocksWebSockets: boolean;
};

/** Speaks TLS to the browser, and plain TCP to local Ably. */
export async function startNetwork(ablyPort: number): Promise<Network> {
  const server = createServer({ ...(await createCertificate()), noDelay: true }, (outer) => {
    outer.once("data", (head: Buffer) => {
      const request = head.toString("latin1");
      if (network.blocksWebSockets && /^upgrade: websocket/im.test(request)) return outer.destroy();
      if (request.startsWith("GET /is-the-internet-up.txt")) return outer.end(INTERNET_IS_UP);
      const inner = connect({ port: ablyPort, host: "127.0.0.1", noDelay: true });
      breakTogether(outer, inner);
      inner.write(head);
      outer.pipe(inner).pipe(outer);
    });
    outer.on("error", () => {});
  });
  const network: Network = { ...(await listen(server)), blocksWebSockets: false };
  return network;
}

/** Creates a temporary certificate. */
export async function createCertificate(): Promise<{ key: string; cert: string }> {
  const names = [{ name: "commonName", value: "This machine" }];
  const { private: key, cert } = await generate(names, { keyType: "ec" });
  return { key, cert };
}

/** Either end may break off, and then the other does: that is what a network does. */
export function breakTogether(outer: Duplex, inner: Duplex): void {
  for (const socket of [outer, inner]) {
    socket
      .on("error", () => {})
      .on("close", () => {
        outer.destroy();
        inner.destroy();
      });
  }
}
