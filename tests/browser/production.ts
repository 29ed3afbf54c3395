import { ROOT, copyProject, removeCopy } from "../project/copy.ts";
import { argsForAbly } from "./chromium.ts";
import { READY, type Site } from "./dev-server.ts";
import { type Network, startNetwork } from "./network.ts";
import { type Program, freePort, startProgram } from "../project/program.ts";

const [name, secret] = ["production.test", "a-key-of-local-ably-only"] as const;

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
