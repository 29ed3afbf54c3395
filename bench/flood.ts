import { setTimeout as sleep } from "node:timers/promises";
import type { CDPSession, Page as Tab } from "playwright-core";
import { findChromium, launch } from "./browser.ts";
import type { Figure } from "./figure.ts";
import { buildOurs } from "./pages.ts";
import { inBench } from "./project.ts";
import { KEY, setStage } from "./stage.ts";

const PER_SECOND = 500;
const SECONDS = 20;
/** Each sends a batch in its turn. */
const PUBLISHERS = 5;
const BATCH = 10;

/** 500 messages a second into one page, and a walk through what it keeps of them. About 30 s. */
export async function measureFlood(): Promise<Figure[]> {
  const chromium = findChromium();
  if (!chromium) return [];
  const stage = await setStage(0);
  const browser = await launch(chromium, stage.ablyTlsPort);
  try {
    const tab = await browser.newPage();
    await tab.addInitScript({ path: inBench("flood-probe.mjs") });
    await tab.goto(await stage.serve(await buildOurs()));
    await tab.locator("[data-status]", { hasText: /^Connected$/ }).waitFor();
    const devTools = await tab.context().newCDPSession(tab);
    await devTools.send("HeapProfiler.enable");
    await devTools.send("Performance.enable");

    const flood = publish(stage.ablyPort);
    await sleep(1_000);
    const rush = await watch(tab, () => sleep(3_900));
    const early = await readHeap(devTools);
    const busyBefore = await readBusy(devTools);
    const rest = await watch(tab, () => flood);
    const busyAfter = await readBusy(devTools);
    const late = await readHeap(devTools);
    const scroll = await watch(tab, () => scrollThrough(tab));

    const busy = (busyAfter.seconds - busyBefore.seconds) / (busyAfter.at - busyBefore.at);
    const figure = (what: string, unit: string, ...ours: number[]) => ({ what, unit, ours });
    return [
      figure("500 messages a second: frames", "per second", ...rush.rates, ...rest.rates),
      figure("the same: longest task", "ms", Math.max(rush.longest, rest.longest)),
      figure("the same: main thread busy", "%", busy * 100),
      figure("the same: heap at second 20, of that at second 5", "%", (late / early) * 100),
      figure("Scroll through the last of 10,000: frames", "per second", ...scroll.rates),
      figure("the same: longest task", "ms", scroll.longest),
    ];
  } finally {
    await browser.close();
    await stage.close();
  }
}

type Observed = { frames: number[]; tasks: { start: number; ms: number }[] };

/** What the page saw meanwhile: frames in each whole second, and its longest task (50 ms or more). */
async function watch(
  tab: Tab,
  act: () => Promise<unknown>,
): Promise<{ rates: number[]; longest: number }> {
  const now = () => tab.evaluate(() => performance.now());
  const from = await now();
  await act();
  const to = await now();
  const { frames, tasks } = await tab.evaluate(
    () => Reflect.get(globalThis, "observed") as Observed,
  );
  const rates = Array.from({ length: Math.floor((to - from) / 1_000) }, (_, second) => {
    const start = from + second * 1_000;
    return frames.filter((frame) => frame >= start && frame < start + 1_000).length;
  });
  const meanwhile = tasks.filter(({ start }) => start >= from && start < to);
  return { rates, longest: Math.max(0, ...meanwhile.map(({ ms }) => ms)) };
}

async function publish(port: number): Promise<void> {
  const startedAt = performance.now();
  const msPerBatch = (1_000 * BATCH) / PER_SECOND;
  const send = async (batch: number) => {
    await sleep(startedAt + batch * msPerBatch - performance.now());
    const messages = Array.from({ length: BATCH }, (_, index) => ({
      name: "chat-message",
      clientId: `publisher-${batch % PUBLISHERS}`,
      data: JSON.stringify({
        text: `Message ${batch * BATCH + index}, as long as people write them.`,
      }),
      encoding: "json",
    }));
    const { ok, status } = await fetch(`http://127.0.0.1:${port}/channels/room:lobby/messages`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(KEY)}`, "content-type": "application/json" },
      body: JSON.stringify(messages),
    });
    if (!ok) throw new Error(`Local Ably answered ${status} to a publisher.`);
  };
  const batches = (PER_SECOND * SECONDS) / BATCH;
  const publishers = Array.from({ length: PUBLISHERS }, async (_, publisher) => {
    for (let batch = publisher; batch < batches; batch += PUBLISHERS) await send(batch);
  });
  await Promise.all(publishers);
}

async function readHeap(devTools: CDPSession): Promise<number> {
  await devTools.send("HeapProfiler.collectGarbage");
  return (await devTools.send("Runtime.getHeapUsage")).usedSize;
}

/** How long the main thread was busy so far, and when that was read: both in seconds. */
async function readBusy(devTools: CDPSession): Promise<{ seconds: number; at: number }> {
  const { metrics } = await devTools.send("Performance.getMetrics");
  const read = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? NaN;
  return { seconds: read("TaskDuration"), at: read("Timestamp") };
}

/** From the end to the beginning, as a wheel does. */
async function scrollThrough(tab: Tab): Promise<void> {
  await tab.locator("[data-messages]").hover();
  for (let step = 0; step < 150; step += 1) {
    await tab.mouse.wheel(0, -240);
    await sleep(16);
  }
}
