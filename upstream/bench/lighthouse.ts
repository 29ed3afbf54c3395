import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHROMIUM_ARGS, argsForAbly, findChromium } from "../../tests/support/chromium.ts";
import { run } from "../support/files.ts";
import type { Figure } from "./figure.ts";
import { buildOurs } from "./pages.ts";
import { setStage } from "./stage.ts";

const RUNS = 5;
const LIGHTHOUSE = "lighthouse@12";
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];

type Report = {
  categories: Record<string, { score: number; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, { score: number | null; title: string; displayValue?: string }>;
};

/** Runs Lighthouse with its defaults: a phone on a slow network. npx downloads it. About a minute. */
export async function measureLighthouse(): Promise<Figure[]> {
  const chromium = findChromium();
  if (!chromium) return [];
  try {
    await run("npx", ["-y", LIGHTHOUSE, "--version"]);
  } catch {
    console.error(`Without Lighthouse: npx could not fetch ${LIGHTHOUSE}. Is there a network?`);
    return [];
  }
  const stage = await setStage(0);
  const folder = await mkdtemp(join(tmpdir(), "bench-lighthouse-"));
  try {
    const url = await stage.serve(await buildOurs());
    const reports: Report[] = [];
    for (let index = 0; reports.length < RUNS; index += 1) {
      const path = join(folder, `${index}.json`);
      const chromiumArgs = [...CHROMIUM_ARGS, ...argsForAbly(stage.ablyTlsPort)];
      const quoted = chromiumArgs.map((arg) => arg.replace(/=(.*)/, '="$1"'));
      const flags = ["--headless=new", ...quoted].join(" ");
      const options = ["--quiet", "--output=json", `--output-path=${path}`];
      const args = ["-y", LIGHTHOUSE, url, ...options, `--chrome-flags=${flags}`];
      const env = { ...process.env, CHROME_PATH: chromium };
      // On a busy machine it now and then misses the page's beginning.
      const failure = await run("npx", args, { env }).then(() => undefined, String);
      if (failure && index >= 2 * RUNS) throw new Error(failure);
      if (failure) continue;
      reports.push(JSON.parse(await readFile(path, "utf8")) as Report);
    }
    reports.forEach(reportLosses);
    return CATEGORIES.map((name) => ({
      what: `Lighthouse: ${name}`,
      unit: "of 100",
      ours: reports.map(({ categories }) => (categories[name]?.score ?? NaN) * 100),
    }));
  } finally {
    await rm(folder, { recursive: true });
    await stage.close();
  }
}

/** Prints the audits that cost points. */
function reportLosses({ categories, audits }: Report): void {
  for (const name of CATEGORIES) {
    const { score = 1, auditRefs = [] } = categories[name] ?? {};
    if (score === 1) continue;
    const losses = auditRefs
      .filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 1)
      .map(({ id }) => `${audits[id]?.title} ${audits[id]?.displayValue ?? ""}`);
    console.error(`Lighthouse: ${name} ${score * 100}: ${losses.join("; ")}`);
  }
}
