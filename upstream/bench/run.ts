/**
 * `npm run bench`: the figures of this project beside those of reference programs, taken in turn in
 * the same run, so that the ratios hold on any machine. `npm run bench -- function` does one subject.
 */
import { cpus, loadavg, totalmem } from "node:os";
import { type Figure, formatTable } from "./figure.ts";

const SUBJECTS: Record<string, () => Promise<Figure[]>> = {
  function: () => import("./function.ts").then(({ measureFunction }) => measureFunction()),
  dev: () => import("./dev.ts").then(({ measureDev }) => measureDev()),
  edits: () => import("./edits.ts").then(({ measureEdits }) => measureEdits()),
  "local-ably": () => import("./local-ably.ts").then(({ measureLocalAbly }) => measureLocalAbly()),
  weight: () => import("./weight.ts").then(({ measureWeight }) => measureWeight()),
  waterfall: () => import("./waterfall.ts").then(({ measureWaterfall }) => measureWaterfall()),
  load: () => import("./flood.ts").then(({ measureFlood }) => measureFlood()),
  lighthouse: () => import("./lighthouse.ts").then(({ measureLighthouse }) => measureLighthouse()),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in SUBJECTS));
if (unknown.length > 0) {
  throw new Error(
    `No such subject: ${unknown.join(", ")}. There are: ${Object.keys(SUBJECTS).join(", ")}.`,
  );
}

// Through the handlers of "exit", which end what it has started.
process.once("SIGINT", () => process.exit(130));

const busy = loadavg()[0]?.toFixed(1);
const figures: Figure[] = [];
for (const [name, measure] of Object.entries(SUBJECTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.error(`Measuring: ${name} …`);
  figures.push(...(await measure()));
}

const [cpu] = cpus();
const memory = Math.round(totalmem() / 2 ** 30);
const machine = `${cpus().length} × ${cpu?.model.trim()}, ${memory} GiB`;
console.log(`Node ${process.version} on ${machine}; load ${busy} before the bench.`);
console.log("Medians; the spread is from the lower to the upper quartile.\n");
console.log(formatTable(figures));
