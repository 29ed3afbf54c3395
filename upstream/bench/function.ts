import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { unzipSync } from "fflate";
import { ROOT } from "../../tests/support/copy.ts";
import { run } from "../support/files.ts";
import type { Figure } from "./figure.ts";

const RUNS = 15;
const OURS = "ably-token-request";
const TUTORIAL = "tutorial";
const PROBE = join(ROOT, "upstream/bench/function-probe.mjs");

type Sample = { cold: number; warmCpu: number };

/** The token function, beside one in the shape of Ably's tutorials, both out of `netlify build`. */
export async function measureFunction(): Promise<Figure[]> {
  const site = await mkdtemp(join(tmpdir(), "bench-function-"));
  try {
    await buildSite(site);
    const ours: Sample[] = [];
    const tutorial: Sample[] = [];
    for (let index = 0; index < RUNS; index += 1) {
      ours.push(await probe(join(site, OURS)));
      tutorial.push(await probe(join(site, TUTORIAL)));
    }
    const figure = (what: string, key: keyof Sample): Figure => ({
      what,
      unit: "ms",
      ours: ours.map((sample) => sample[key]),
      reference: tutorial.map((sample) => sample[key]),
      beside: "the tutorial's",
    });
    return [
      figure("Function: import and first answer", "cold"),
      figure("Function: CPU of a warm call", "warmCpu"),
    ];
  } finally {
    await rm(site, { recursive: true, force: true });
  }
}

/** A site with only those two functions. Netlify bundles what is truly in it: no links. */
async function buildSite(site: string): Promise<void> {
  const functions = join(site, "netlify/functions");
  await mkdir(functions, { recursive: true });
  await writeFile(join(site, "netlify.toml"), '[build]\npublish = "netlify"\n');
  await writeFile(join(site, "package.json"), '{ "type": "module" }');
  for (const path of [`netlify/functions/${OURS}`, "src/realtime/contract.ts"]) {
    await cp(join(ROOT, path), join(site, path), { recursive: true });
  }
  await cp(
    join(ROOT, "upstream/bench/reference/tutorial-function.ts"),
    join(functions, `${TUTORIAL}.ts`),
  );
  for (const path of await productionPackages()) {
    await cp(path, join(site, relative(ROOT, path)), { recursive: true });
  }

  const netlify = join(ROOT, "node_modules/netlify-cli/bin/run.js");
  await run(process.execPath, [netlify, "build", "--offline"], { cwd: site });
  for (const name of [OURS, TUTORIAL]) {
    await unzip(join(site, `.netlify/functions/${name}.zip`), join(site, name));
  }
}

/** The folders of what the site depends on when it is deployed. The first line is the project. */
async function productionPackages(): Promise<string[]> {
  const list = ["ls", "--omit=dev", "--all", "--parseable"];
  const { stdout } = await run("npm", list, { cwd: ROOT });
  return stdout.trim().split("\n").slice(1);
}

async function unzip(archive: string, folder: string): Promise<void> {
  for (const [name, content] of Object.entries(unzipSync(await readFile(archive)))) {
    if (name.endsWith("/")) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

async function probe(folder: string): Promise<Sample> {
  const env = { ...process.env, ABLY_API_KEY: "appId.keyId:secret", NODE_OPTIONS: "" };
  const { stdout } = await run(process.execPath, [PROBE, folder], { env });
  return JSON.parse(stdout) as Sample;
}
