import { setTimeout as sleep } from "node:timers/promises";
import type { CDPSession, Page as Tab } from "playwright-core";
import { argsForAbly, findChromium, launchChromium } from "../../tests/support/chromium.ts";
import type { File } from "../support/bundle.ts";
import { type Figure, median } from "./figure.ts";
import { buildOurs } from "./pages.ts";
import { KEY, setStage } from "./stage.ts";

type Load = { perSecond: number; seconds: number; text(index: number): string };

const PLAIN: Load = {
  perSecond: 500,
  seconds: 20,
  text: (index) => `Message ${index}, as long as people write them.`,
};
/** Scripts of the world, each with the code point of one of its letters. */
const SCRIPTS = [
  0x03b1, 0x0430, 0x0561, 0x05d0, 0x0627, 0x0710, 0x0780, 0x0905, 0x0985, 0x0a05, 0x0a85, 0x0b05,
  0x0b85, 0x0c05, 0x0c85, 0x0d05, 0x0e01, 0x0f40, 0x1000, 0x10d0, 0x1200, 0x13a0, 0x1400, 0x1780,
  0x1820, 0x2d30, 0x3042, 0x4e00, 0xa000, 0xac00, 0x10300, 0x12000, 0x13000, 0x1d400, 0x1f300,
];
/** What one visitor may send, in texts that browsers are slow to lay out: scripts in turns. */
const HOSTILE: Load = {
  perSecond: 50,
  seconds: 10,
  text: (index) => ["अঅ", "אa", "中a", "😀a"][index % 5]?.repeat(450) ?? everyScript(index),
};

/** Returns other letters for each index: a browser looks for the font of each new letter. */
function everyScript(index: number): string {
  const letters = SCRIPTS.map((first, at) => String.fromCodePoint(first + ((index + at) % 20)));
  const start = index % SCRIPTS.length;
  return [...letters.slice(start), ...letters.slice(0, start)].join("").repeat(25);
}
/** Each sends a batch in its turn. */
const PUBLISHERS = 5;
const BATCH = 10;
const RUNS = 7;
const HOSTILE_RUNS = 3;
const HEAP_READINGS = 7;
const BUSY_MS = 4_000;
const LONGEST = "the same: processor time of the longest task";

/** Messages into one page, and a walk through what it keeps of them. About 4 minutes. */
export async function measureFlood(): Promise<Figure[]> {
  if (!findChromium()) return [];
  const page = await buildOurs();
  const runs: Run[] = [];
  const hostile: Run[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await flood(page, PLAIN));
  for (let run = 0; run < HOSTILE_RUNS; run += 1) hostile.push(await flood(page, HOSTILE));
  const figure = (
    what: string,
    unit: string,
    read: (run: Run) => number | number[],
    of: Run[] = runs,
  ) => ({ what, unit, ours: of.flatMap(read) });
  return [
    figure("500 messages a second: frames", "per second", ({ rush }) => rush.rates),
    figure(LONGEST, "ms", ({ rush }) => rush.longest),
    figure("the same: main thread busy", "%", ({ busy }) => busy * 100),
    figure("the same: heap after 20 s, beside that after 5 s", "%", ({ heap }) => heap * 100),
    figure("Scrolling, after 10,000 messages: frames", "per second", ({ scroll }) => scroll.rates),
    figure(LONGEST, "ms", ({ scroll }) => scroll.longest),
    figure("50 slow texts a second: main thread busy", "%", ({ busy }) => busy * 100, hostile),
    figure(LONGEST, "ms", ({ rush }) => rush.longest, hostile),
  ];
}

type Run = Awaited<ReturnType<typeof flood>>;

async function flood(page: File[], load: Load) {
  const stage = await setStage(0);
  const browser = await launchChromium(argsForAbly(stage.ablyTlsPort));
  try {
    const tab = await browser.newPage();
    await tab.goto(await stage.serve(page));
    await tab.locator("[data-status]", { hasText: /^Connected$/ }).waitFor();
    const devTools = await tab.context().newCDPSession(tab);
    await devTools.send("HeapProfiler.enable");
    await devTools.send("Performance.enable");

    const published = publish(stage.ablyPort, load);
    await sleep(1_000);
    const start = await watch(tab, devTools, () => sleep(3_900));
    const early = await readHeap(devTools);
    const busy = await measureBusy(devTools);
    const rest = await watch(tab, devTools, () => published);
    const late = await readHeap(devTools);
    const scroll = await watch(tab, devTools, () => scrollThrough(tab));
    return {
      rush: {
        rates: [...start.rates, ...rest.rates],
        longest: Math.max(start.longest, rest.longest),
      },
      busy,
      heap: late / early,
      scroll,
    };
  } finally {
    await browser.close();
    await stage.close();
  }
}

/** What the page did meanwhile: frames in each whole second, and its longest task, ms. */
async function watch(tab: Tab, devTools: CDPSession, act: () => Promise<unknown>) {
  const tasks = await startTrace(devTools);
  const frames = await tab.evaluateHandle(countFrames);
  await act();
  const { from, to, all } = await frames.evaluate(({ stop }) => stop());
  const rates = Array.from({ length: Math.floor((to - from) / 1_000) }, (_, second) => {
    const start = from + second * 1_000;
    return all.filter((frame) => frame >= start && frame < start + 1_000).length;
  });
  return { rates, longest: await tasks() };
}

/** Runs in the page. Functions with names of their own would be compiled to call a helper. */
function countFrames() {
  const counter = {
    from: performance.now(),
    all: [] as number[],
    frame: 0,
    next(now: number) {
      counter.all.push(now);
      counter.frame = requestAnimationFrame(counter.next);
    },
    stop() {
      cancelAnimationFrame(counter.frame);
      return { from: counter.from, to: performance.now(), all: counter.all };
    },
  };
  counter.frame = requestAnimationFrame(counter.next);
  return counter;
}

type TraceEvent = {
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
  args: { name?: string };
};

/**
 * Traces the tasks of the page's main thread. Returns a function that stops the trace and returns the
 * CPU time of the longest task, ms. A task of more than 50 ms is a long task.
 */
async function startTrace(devTools: CDPSession): Promise<() => Promise<number>> {
  const events: TraceEvent[] = [];
  const collect = ({ value }: { value: object[] }) => events.push(...(value as TraceEvent[]));
  devTools.on("Tracing.dataCollected", collect);
  await devTools.send("Tracing.start", { traceConfig: { includedCategories: ["toplevel"] } });
  return async () => {
    const complete = new Promise((resolve) => devTools.once("Tracing.tracingComplete", resolve));
    await devTools.send("Tracing.end");
    await complete;
    devTools.off("Tracing.dataCollected", collect);
    const main = events.find(({ args }) => args.name === "CrRendererMain");
    return events
      .filter(
        ({ name, pid, tid }) => name.endsWith("RunTask") && pid === main?.pid && tid === main.tid,
      )
      .reduce((longest, { tdur = 0 }) => Math.max(longest, tdur / 1_000), 0);
  };
}

async function publish(port: number, { perSecond, seconds, text }: Load): Promise<void> {
  const startedAt = performance.now();
  const msPerBatch = (1_000 * BATCH) / perSecond;
  const send = async (batch: number) => {
    await sleep(startedAt + batch * msPerBatch - performance.now());
    const messages = Array.from({ length: BATCH }, (_, index) => ({
      name: "chat-message",
      clientId: `publisher-${batch % PUBLISHERS}`,
      data: JSON.stringify({ text: text(batch * BATCH + index) }),
      encoding: "json",
    }));
    const { ok, status } = await fetch(`http://127.0.0.1:${port}/channels/room:lobby/messages`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(KEY)}`, "content-type": "application/json" },
      body: JSON.stringify(messages),
    });
    if (!ok) throw new Error(`Local Ably answered ${status} to a publisher.`);
  };
  const batches = (perSecond * seconds) / BATCH;
  const publishers = Array.from({ length: PUBLISHERS }, async (_, publisher) => {
    for (let batch = publisher; batch < batches; batch += PUBLISHERS) await send(batch);
  });
  await Promise.all(publishers);
}

/** After a garbage collection: the median of a few, because messages come in between. */
async function readHeap(devTools: CDPSession): Promise<number> {
  const sizes: number[] = [];
  for (let reading = 0; reading < HEAP_READINGS; reading += 1) {
    await devTools.send("HeapProfiler.collectGarbage");
    sizes.push((await devTools.send("Runtime.getHeapUsage")).usedSize);
  }
  return median(sizes);
}

/** The share of the time in which the main thread is busy, while nothing else is measured. */
async function measureBusy(devTools: CDPSession): Promise<number> {
  const read = async () => {
    const { metrics } = await devTools.send("Performance.getMetrics");
    return (name: string) => metrics.find((metric) => metric.name === name)?.value ?? NaN;
  };
  const before = await read();
  await sleep(BUSY_MS);
  const after = await read();
  return (
    (after("TaskDuration") - before("TaskDuration")) / (after("Timestamp") - before("Timestamp"))
  );
}

/** From the end to the beginning, as a wheel does. */
async function scrollThrough(tab: Tab): Promise<void> {
  await tab.locator("[data-messages]").hover();
  for (let step = 0; step < 150; step += 1) {
    await tab.mouse.wheel(0, -240);
    await sleep(16);
  }
}
