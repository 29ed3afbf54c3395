import { type BrowserContext, type CDPSession, type Page, chromium } from "playwright-core";
import { CHROMIUM_ARGS, argsForAbly, findChromium } from "../../tests/support/chromium.ts";
import { type Figure, median } from "./figure.ts";
import { buildOurs, buildTutorial } from "./pages.ts";
import { setStage } from "./stage.ts";

const RUNS = 9;
const ROUND_TRIP_MS = 100;
const PATIENCE_MS = 30_000;
const WIDTH = 48;

/** The action of the frame with which Ably confirms that the channel is attached. */
const ATTACHED = 11;

/** In ms since the navigation began. */
type Step = { what: string; start: number; end: number };

type Visit = { first: Step[]; reload: Step[] };

/** How many pages a visitor opens in one tab. */
const PAGE_VIEWS = 10;

/**
 * Measures from the navigation until the room is attached, on a first visit and on a reload, with
 * 100 ms for each round trip. Prints both waterfalls. About 90 s.
 */
export async function measureWaterfall(): Promise<Figure[]> {
  const executablePath = findChromium();
  if (!executablePath) return [];
  const stage = await setStage(ROUND_TRIP_MS);
  const args = [...CHROMIUM_ARGS, ...argsForAbly(stage.ablyTlsPort)];
  // With a profile of its own. A private window, as `launch` gives, opens no connection early.
  const newcomer = () => chromium.launchPersistentContext("", { executablePath, args });
  try {
    const [ours, tutorial] = [
      await stage.serve(await buildOurs()),
      await stage.serve(await buildTutorial()),
    ];
    const [mine, reference]: [Visit[], Visit[]] = [[], []];
    // The first of each warms up the server.
    for (let run = 0; run <= RUNS; run += 1) {
      mine.push(await visitTwice(newcomer, ours));
      reference.push(await visitTwice(newcomer, tutorial));
    }
    const [measured, compared] = [mine.slice(1), reference.slice(1)];
    for (const part of ["first", "reload"] as const) {
      print(
        `This page, ${part}`,
        measured.map((visit) => visit[part]),
      );
      print(
        `The tutorial's, ${part}`,
        compared.map((visit) => visit[part]),
      );
    }
    const calls = [await countCalls(newcomer, ours), await countCalls(newcomer, tutorial)] as const;
    return [
      figureOf("First visit until attached", measured, compared, "first"),
      figureOf("Reload until attached", measured, compared, "reload"),
      {
        what: `Function calls for ${PAGE_VIEWS} page views in a tab`,
        unit: "calls",
        ours: [calls[0]],
        reference: [calls[1]],
        beside: "the tutorial's",
      },
    ];
  } finally {
    await stage.close();
  }
}

function figureOf(what: string, ours: Visit[], reference: Visit[], part: keyof Visit): Figure {
  const ends = (visits: Visit[]) =>
    visits.map((visit) => Math.max(...visit[part].map(({ end }) => end)));
  return {
    what: `${what}, ${ROUND_TRIP_MS} ms a round trip`,
    unit: "ms",
    ours: ends(ours),
    reference: ends(reference),
    beside: "the tutorial's",
  };
}

/** A first visit, with nothing cached and no connection open, and a reload of the same tab. */
async function visitTwice(someone: () => Promise<BrowserContext>, url: string): Promise<Visit> {
  const context = await someone();
  try {
    const [tab = await context.newPage()] = context.pages();
    const first = await visit(tab, () => tab.goto(url, { waitUntil: "commit" }));
    const reload = await visit(tab, () => tab.reload({ waitUntil: "commit" }));
    return { first, reload };
  } finally {
    await context.close();
  }
}

async function visit(tab: Page, go: () => Promise<unknown>): Promise<Step[]> {
  const devTools = await tab.context().newCDPSession(tab);
  await devTools.send("Network.enable");
  const steps = follow(devTools);
  await go();
  return steps.finally(() => devTools.detach());
}

async function countCalls(someone: () => Promise<BrowserContext>, url: string): Promise<number> {
  const context = await someone();
  try {
    const [tab = await context.newPage()] = context.pages();
    let calls = 0;
    tab.on("request", (request) => {
      if (new URL(request.url()).pathname.startsWith("/.netlify/functions/")) calls += 1;
    });
    for (let view = 0; view < PAGE_VIEWS; view += 1) {
      await visit(tab, () => tab.goto(`${url}?view=${view}`, { waitUntil: "commit" }));
    }
    return calls;
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
    const timer = setTimeout(() => reject(new Error("The page did not attach.")), PATIENCE_MS);
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
  // Built files carry a hash: /assets/index-DWnkLWmh.js.
  const [, name, kind] = /([\w]+)-[\w-]+\.(\w+)$/.exec(pathname) ?? [];
  return name === undefined ? "page" : `${name} ${kind}`;
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
