/** The root's package.json is short: what only the tests of upstream/ need is in upstream/package.json. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import proof from "../../package.json" with { type: "json" };
import { ROOT } from "../../../tests/support/copy.ts";
import { listFiles } from "../../support/files.ts";

const MAX_DEV_DEPENDENCIES = 14;

/** The packages that this template was asked to stand on. */
const ASKED_FOR = [
  "ably",
  "@netlify/functions",
  "dotenv",
  "vite",
  "typescript",
  "vitest",
  "netlify-cli",
];

const packages: Record<string, string> = { ...manifest.dependencies, ...manifest.devDependencies };
const files = (await listFiles()).filter((file) => /^(?!upstream\/).*\.ts$/.test(file));
const code = (await Promise.all(files.map((file) => readFile(join(ROOT, file), "utf8")))).join("");

/** Returns the manifest of an installed package. */
async function readManifest(name: string) {
  const text = await readFile(join(ROOT, "node_modules", name, "package.json"), "utf8");
  return JSON.parse(text) as {
    bin?: Record<string, string>;
    dependencies?: Record<string, string>;
  };
}

it.each(ASKED_FOR)("has %s, and uses it", async (name) => {
  expect(packages).toHaveProperty([name]);
  const isImported = new RegExp(`from "${name}["/]`).test(code);
  const programs = Object.keys((await readManifest(name)).bin ?? {});
  const commands = Object.values(manifest.scripts).map((script) => script.split(" ")[0]);
  expect(isImported || programs.some((program) => commands.includes(program))).toBe(true);
});

it("has the dotenv of netlify-cli, so that both read a file in the same way", async () => {
  const { dependencies } = await readManifest("netlify-cli");
  const major = (range = "") => /\d+/.exec(range)?.[0];
  expect(major(packages.dotenv)).toBe(major(dependencies?.dotenv));
  expect(existsSync(join(ROOT, "node_modules/netlify-cli/node_modules/dotenv"))).toBe(false);
});

it("has these scripts and no others", () => {
  expect(Object.keys(manifest.scripts)).toEqual([
    "dev",
    "build",
    "serve",
    "check",
    "test",
    "test:watch",
    "typecheck",
    "lint",
    "format",
    "local-ably",
    "check:ably",
  ]);
});

it("has few packages, and no workspaces", () => {
  expect(Object.keys(manifest.dependencies)).toEqual(["ably", "qr", "valibot"]);
  const names = Object.keys(manifest.devDependencies);
  expect(names.length).toBeLessThanOrEqual(MAX_DEV_DEPENDENCIES);
  expect(names.filter((name) => Object.hasOwn(proof.devDependencies, name))).toEqual([]);
  expect(manifest).not.toHaveProperty("workspaces");
});

it.each(["dev", "serve"] as const)("uses an option of netlify %s that exists", async (script) => {
  const option = "--internal-disable-edge-functions";
  expect(manifest.scripts[script]).toContain(`netlify ${script} `);
  expect(manifest.scripts[script]).toContain(option);
  const command = join(ROOT, `node_modules/netlify-cli/dist/commands/${script}/index.js`);
  const whatToDo = `netlify-cli no longer has ${option}. Delete it from package.json, AGENTS.md and docs/recipes/existing-site.md, and check that npm run ${script} starts without a network.`;
  expect((await readFile(command, "utf8")).includes(option), whatToDo).toBe(true);
});

it("pins its actions and its image, which Dependabot updates", async () => {
  const read = (path: string) => readFile(join(ROOT, path), "utf8");
  const workflows = await Promise.all(
    ["check", "upstream"].map((name) => read(`.github/workflows/${name}.yml`)),
  );
  const actions = workflows.flatMap((text) => text.match(/uses: .*/g) ?? []);
  expect(actions).not.toEqual([]);
  for (const action of actions) expect(action).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  expect(await read(".devcontainer/Dockerfile")).toMatch(/^FROM \S+:\S+@sha256:[0-9a-f]{64}$/m);
  const dependabot = await read(".github/dependabot.yml");
  for (const ecosystem of ["npm", "github-actions", "docker"]) {
    expect(dependabot).toContain(`package-ecosystem: ${ecosystem}\n`);
  }
});
