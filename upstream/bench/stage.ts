import { startNetwork } from "../support/network.ts";
import type { File } from "../support/bundle.ts";
import type { Listening } from "../support/listening.ts";
import { freePort } from "../../tests/support/program.ts";
import { startDistance } from "./distance.ts";
import { LOCAL_ABLY, startServer } from "./server.ts";
import { startSite } from "./site.ts";

/** A key of the bench's own local Ably, and no other. */
const [name, secret] = ["bench.page", "a-key-of-the-bench-only"] as const;
export const KEY = `${name}:${secret}`;

export type Stage = {
  /** Of local Ably itself, over plain HTTP. */
  ablyPort: number;
  /** Where a browser finds Ably: over TLS, and as far away as asked. */
  ablyTlsPort: number;
  /** Serves a page, as far away. */
  serve(page: File[]): Promise<string>;
  close(): Promise<void>;
};

/** Local Ably as Ably's cloud, and pages as Netlify's CDN, at the end of a way of some length. */
export async function setStage(roundTripMs: number): Promise<Stage> {
  process.env.ABLY_API_KEY = KEY;
  const ablyPort = await freePort();
  const keys = JSON.stringify([{ name, secret }]);
  const env = { LOCAL_ABLY_PORT: `${ablyPort}`, LOCAL_ABLY_KEYS: keys };
  const ably = await startServer(LOCAL_ABLY, `http://127.0.0.1:${ablyPort}/time`, env);
  const open: Listening[] = [];
  const away = async (server: Listening) => {
    const distance = await startDistance(server.port, roundTripMs);
    open.push(distance, server);
    return distance.port;
  };
  return {
    ablyPort,
    ablyTlsPort: await away(await startNetwork(ablyPort)),
    serve: async (page) => `https://localhost:${await away(await startSite(page))}`,
    async close() {
      for (const each of open) await each.close();
      await ably.stop();
    },
  };
}
