import { existsSync } from "node:fs";
import { join } from "node:path";
import { LOCAL_ABLY_KEY } from "../../netlify/functions/ably-token-request/local-ably.ts";
import { ROOT } from "../../tests/support/copy.ts";
import { freePort } from "../../tests/support/program.ts";
import { type Protocol, ablyProtocol, relayProtocol } from "./protocols.ts";
import type { Figure } from "./figure.ts";
import { type LoadResult, load } from "./load.ts";
import { LOCAL_ABLY, startServer } from "./server.ts";

const RUNS = 7;

const RELAY = LOCAL_ABLY.with(-1, join(ROOT, "upstream/bench/reference/relay.ts"));

type Sample = LoadResult & { startMs: number };

/** Local Ably alone, under 1,000 clients, beside a server that only relays. About 40 s. */
export async function measureLocalAbly(): Promise<Figure[]> {
  if (!existsSync(join(ROOT, "local-ably"))) return [];
  const ours: Sample[] = [];
  const floor: Sample[] = [];
  for (let index = 0; index < RUNS; index += 1) {
    ours.push(await sample(LOCAL_ABLY, ablyProtocol(LOCAL_ABLY_KEY)));
    floor.push(await sample(RELAY, relayProtocol));
  }
  const figure = (what: string, unit: string, key: keyof Sample): Figure => ({
    what: `Local Ably: ${what}`,
    unit,
    ours: ours.map((each) => each[key]),
    reference: floor.map((each) => each[key]),
    beside: "a bare relay",
  });
  return [
    figure("start until `GET /time` answers", "ms", "startMs"),
    figure("memory of each of 1,000 connections", "kB", "kilobytesPerConnection"),
    figure("messages delivered at full load", "per second", "perSecond"),
    figure("delay at 10,000 deliveries a second, p50", "ms", "p50"),
    figure("the same, p99", "ms", "p99"),
  ];
}

async function sample(command: string[], protocol: Protocol): Promise<Sample> {
  const port = await freePort();
  const env = { LOCAL_ABLY_PORT: String(port), LOCAL_ABLY_KEYS: "" };
  const server = await startServer(command, `http://127.0.0.1:${port}/time`, env);
  try {
    return { startMs: server.startMs, ...(await load(port, server.pid, protocol)) };
  } finally {
    await server.stop();
  }
}
