import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createServer } from "node:tls";
import { generate } from "selfsigned";
import { ROOT, copyProject, removeCopy } from "../project/copy.ts";
import { argsForAbly } from "./chromium.ts";
import { READY, type Site } from "./dev-server.ts";
import { type Program, freePort, startProgram } from "../project/program.ts";

const [name, secret] = ["production.test", "a-key-of-local-ably-only"] as const;

/** What ably-js looks for at internet-up.ably-realtime.com before it tries another host or transport. */
const INTERNET_IS_UP =
  "HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 4\r\nconnection: close\r\n\r\nyes\n";

/** The production build and the function, as `npm run serve` serves them. */
export async function startServe(env: Record<string, string>): Promise<Site> {
  const cwd = await copyProject();
  const port = await freePort();
  const program = await startProgram(`npm run serve -- --port ${port}`, {
    cwd,
    env: { DEFAULT_CLIENT_ID: "", NODE_ENV: "production", ...env },
    ready: READY,
  });
  return {
    ...program,
    url: `http://localhost:${port}`,
    async stop() {
      await program.stop();
      await removeCopy(cwd);
    },
  };
}

export type Production = Site & {
  /** What answers as Ably's cloud, to be stopped and started as Ably's never is. */
  ably: { stop(): Promise<void>; start(): Promise<void> };
  /** What stands between the browser and Ably. */
  network: Network;
};

/**
 * The production build with Ably's own host names. Chromium is told that they are on this machine,
 * where local Ably answers to them over TLS: not a byte of the bundle is other than it is deployed.
 */
export async function startProduction(): Promise<Production> {
  const port = await freePort();
  let ably: Program;
  const ablyControl = {
    stop: () => ably.stop(),
    async start() {
      ably = await startProgram("npm run local-ably", {
        cwd: ROOT,
        env: { LOCAL_ABLY_PORT: `${port}`, LOCAL_ABLY_KEYS: JSON.stringify([{ name, secret }]) },
        ready: "Local Ably, in memory",
      });
    },
  };
  const [site, network] = await Promise.all([
    startServe({ ABLY_API_KEY: `${name}:${secret}` }),
    startNetwork(port),
    ablyControl.start(),
  ]);
  return {
    ...site,
    chromiumArgs: argsForAbly(network.port),
    ably: ablyControl,
    network,
    async stop() {
      await network.close();
      await Promise.all([ably.stop(), site.stop()]);
    },
  };
}

type Network = {
  port: number;
  /** As a proxy does that knows no WebSockets: it lets them out, and never back. */
  blocksWebSockets: boolean;
  close(): Promise<void>;
};

/** Speaks TLS to the browser, with a certificate of the moment, and plain TCP to local Ably. */
async function startNetwork(ablyPort: number): Promise<Network> {
  const { private: key, cert } = await generate(
    [{ name: "commonName", value: "Ably, on this machine" }],
    {
      keyType: "ec",
    },
  );
  const sockets = new Set<Duplex>();
  const server = createServer({ key, cert }, (outer) => {
    outer.once("data", (head: Buffer) => {
      const request = head.toString("latin1");
      if (network.blocksWebSockets && /^upgrade: websocket/im.test(request)) return outer.destroy();
      if (request.startsWith("GET /is-the-internet-up.txt")) return outer.end(INTERNET_IS_UP);
      const inner = connect(ablyPort, "127.0.0.1");
      for (const socket of [outer, inner]) {
        sockets.add(socket);
        // Either end may break off: that is what a network does.
        socket
          .on("error", () => {})
          .on("close", () => {
            sockets.delete(socket);
            outer.destroy();
            inner.destroy();
          });
      }
      inner.write(head);
      outer.pipe(inner).pipe(outer);
    });
    outer.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const network: Network = {
    port: (server.address() as AddressInfo).port,
    blocksWebSockets: false,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return network;
}
