import { type BrowserContext, type CDPSession, chromium } from "playwright-core";
import { CHROMIUM_ARGS, argsForAbly, findChromium } from "../../tests/support/chromium.ts";
import { type Figure, median } from "./figure.ts";
import { buildOurs, buildTutorial } from "./pages.ts";
import { setStage } from "./stage.ts";

const RUNS = 9;
const ROUND_TRIP_MS = 100;
const PATIENCE_MS = 30_000;
const WIDTH = 48;

/** https://ably.com/docs/api/realtime-sdk: the one message of the protocol that says that all is there. */
const ATTACHED = 11;

/** One thing on the way, in ms since the navigation began. */
type Step = { what: string; start: number; end: number };

/** From the navigation to the room, where each round trip takes 100 ms. Prints the ways. About 40 s. */
export async function measureWaterfall(): Promise<Figure[]> {
  const executablePath = findChromium();
  if (!executablePath) return [];
  const stage = await setStage(ROUND_TRIP_MS);
  const args = [...CHROMIUM_ARGS, ...argsForAbly(stage.ablyTlsPort)];
  // With a profile of its own. A private window, as `launch` gives, opens no connection ahead.
  const newcomer = () => chromium.launchPersistentContext("", { executablePath, args });
  const visit = (url: string) => visitAs(newcomer, url);
  try {
    const [ours, tutorial] = [
      await stage.serve(await buildOurs()),
      await stage.serve(await buildTutorial()),
    ];
    const ways: [Step[][], Step[][]] = [[], []];
    // The first of each warms up the server.
    for (let run = 0; run <= RUNS; run += 1) {
      ways[0].push(await visit(ours));
      ways[1].push(await visit(tutorial));
    }
    const [mine, reference] = ways.map((way) => way.slice(1));
    print("This page", mine ?? []);
    print("The tutorial's", reference ?? []);
    const ends = (way: Step[][] = []) =>
      way.map((steps) => Math.max(...steps.map(({ end }) => end)));
    return [
      {
        what: `Navigation until attached, ${ROUND_TRIP_MS} ms a round trip`,
        unit: "ms",
        ours: ends(mine),
        reference: ends(reference),
        beside: "the tutorial's",
      },
    ];
  } finally {
    await stage.close();
  }
}

/** Someone who was never there: nothing is cached, and no connection open. */
async function visitAs(someone: () => Promise<BrowserContext>, url: string): Promise<Step[]> {
  const context = await someone();
  const [tab = await context.newPage()] = context.pages();
  const devTools = await context.newCDPSession(tab);
  await devTools.send("Network.enable");
  const way = follow(devTools);
  await tab.goto(url, { waitUntil: "commit" });
  try {
    return await way;
  } finally {
    await context.close();
  }
}

function follow(devTools: CDPSession): Promise<Step[]> {
  const steps: Step[] = [];
  const open = new Map<string, Step>();
  let zero = NaN;
  const since = (seconds: number) => (seconds - zero) * 1_000;
  const last = () => Math.max(0, ...steps.map(({ end }) => end));
  const begin = (id: string, what: string, start: number) =>
    open.set(id, { what, start, end: NaN });
  const end = (id: string, timestamp: number) => {
    const step = open.get(id);
    if (step) steps.push({ ...step, end: since(timestamp) });
    open.delete(id);
  };

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The page never attached.")), PATIENCE_MS);
    devTools.on("Network.requestWillBeSent", ({ requestId, request, timestamp }) => {
      if (Number.isNaN(zero)) zero = timestamp;
      begin(requestId, nameOf(request.url, request.method), since(timestamp));
    });
    devTools.on("Network.loadingFinished", ({ requestId, timestamp }) => end(requestId, timestamp));
    devTools.on("Network.webSocketCreated", ({ requestId }) => begin(requestId, "socket", last()));
    devTools.on("Network.webSocketHandshakeResponseReceived", ({ requestId, timestamp }) =>
      end(requestId, timestamp),
    );
    devTools.on("Network.webSocketFrameReceived", ({ timestamp, response }) => {
      const { action } = JSON.parse(response.payloadData) as { action: number };
      if (action !== ATTACHED) return;
      clearTimeout(timer);
      resolve([...steps, { what: "attach", start: last(), end: since(timestamp) }]);
    });
  });
}

function nameOf(url: string, method: string): string {
  const { pathname } = new URL(url);
  if (pathname.endsWith("/requestToken")) return method === "OPTIONS" ? "preflight" : "exchange";
  if (pathname.startsWith("/.netlify/")) return "token request";
  return pathname === "/" ? "page" : pathname.replace(/.*\.(?=\w+$)/, "");
}

/** The median of each step's start and end, as a line as long as it took. */
function print(title: string, ways: Step[][]): void {
  const names = [...new Set(ways.flat().map(({ what }) => what))];
  const rows = names.map((what): Step => {
    const same = ways.flat().filter((step) => step.what === what);
    return {
      what,
      start: median(same.map(({ start }) => start)),
      end: median(same.map(({ end }) => end)),
    };
  });
  const scale = WIDTH / Math.max(...rows.map(({ end }) => end));
  console.log(`\n${title}, ms`);
  for (const { what, start, end } of rows.toSorted((a, b) => a.start - b.start)) {
    const bar = " ".repeat(start * scale) + "█".repeat(Math.max(1, (end - start) * scale));
    const times = `${start.toFixed(0).padStart(5)} –${end.toFixed(0).padStart(5)}`;
    console.log(`${what.padEnd(14)}${times}  ${bar}`);
  }
}
