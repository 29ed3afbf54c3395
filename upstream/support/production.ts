import { copyProject } from "../../tests/support/copy.ts";
import { startLocalAbly } from "../../tests/support/local-ably.ts";
import { freePort } from "../../tests/support/program.ts";
import { argsForAbly } from "../../tests/support/chromium.ts";
import { type Network, startNetwork } from "./network.ts";
import { type Site, startSite } from "../../tests/support/site.ts";

const [name, secret] = ["production.test", "a-key-of-local-ably-only"] as const;

/** The production build and the function, as `npm run serve` serves them. */
export async function startServe(key: string, folder?: string): Promise<Site> {
  const env = { ABLY_API_KEY: key, NODE_ENV: "production" };
  return startSite("npm run serve --", folder ?? (await copyProject()), env);
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
 * @param folder A copy of the project. It is deleted when the server stops.
 */
export async function startProduction(folder?: string): Promise<Production> {
  const port = await freePort();
  let ably: Awaited<ReturnType<typeof startLocalAbly>>;
  const ablyControl = {
    stop: () => ably.close(),
    async start() {
      ably = await startLocalAbly({ port, keys: [{ name, secret, capability: { "*": ["*"] } }] });
    },
  };
  const [site, network] = await Promise.all([
    startServe(`${name}:${secret}`, folder),
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
      await Promise.all([ably.close(), site.stop()]);
    },
  };
}
