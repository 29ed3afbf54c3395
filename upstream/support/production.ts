import { fileURLToPath } from "node:url";
import { copyProject } from "../../tests/support/copy.ts";
import { startLocalAbly } from "../../tests/support/local-ably.ts";
import { freePort } from "../../tests/support/program.ts";
import { argsForAbly } from "../../tests/support/chromium.ts";
import { type Network, startNetwork } from "./network.ts";
import type { Site } from "../../tests/support/stage.ts";
import { startSite } from "./site.ts";

const [name, secret] = ["production.test", "a-key-of-local-ably-only"] as const;

/** Functions call Ably there. A browser is told by flags. */
const HOST = "main.realtime.ably.net";

/** Leads a function's own calls of Ably to a port of this machine. */
const CLOUD = fileURLToPath(new URL("cloud.cjs", import.meta.url));

/**
 * The production build and the functions, as `npm run serve` serves them.
 * @param cloudPort Where functions find Ably's cloud.
 */
export async function startServe(key: string, folder?: string, cloudPort = 0): Promise<Site> {
  const cloud = { CLOUD_PORT: `${cloudPort}`, NODE_OPTIONS: `--require ${JSON.stringify(CLOUD)}` };
  const env = { ABLY_API_KEY: key, NODE_ENV: "production", ...(cloudPort > 0 && cloud) };
  return startSite("npm run serve --", folder ?? (await copyProject()), env);
}

export type Production = Site & {
  /** What answers as Ably's cloud, to be stopped and started as Ably's never is. */
  ably: { stop(): Promise<void>; start(): Promise<void> };
  /** What stands between the browser and Ably. */
  network: Network;
  /** Ends `netlify serve` alone, and with it every function that runs. */
  stopServing(): Promise<void>;
};

/**
 * The production build with Ably's own host names. Chromium is told that they are on this machine,
 * where local Ably answers to them over TLS: not a byte of the bundle is other than it is deployed.
 * @param folder A copy of the project. It is deleted when the server stops.
 */
export async function startProduction(folder?: string): Promise<Production> {
  const port = await freePort();
  let ably: Awaited<ReturnType<typeof startLocalAbly>>;
  const ablyControl = {
    stop: () => ably.close(),
    async start() {
      const keys = [{ name, secret, capability: { "*": ["*"] } }];
      ably = await startLocalAbly({ port, keys, allowedHosts: [HOST] });
    },
  };
  const [network] = await Promise.all([startNetwork(port), ablyControl.start()]);
  const site = await startServe(`${name}:${secret}`, folder, network.port);
  let stopped: Promise<void> | undefined;
  const stopServing = () => (stopped ??= site.stop());
  return {
    ...site,
    chromiumArgs: argsForAbly(network.port),
    ably: ablyControl,
    network,
    stopServing,
    async stop() {
      await network.close();
      await Promise.all([ably.close(), stopServing()]);
    },
  };
}
