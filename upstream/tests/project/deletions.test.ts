/** A fork deletes what README.md says it may, or adds its first feature: the app's gate stays green. */
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { ROOT, copyProject, removeCopy } from "../../../tests/support/copy.ts";
import { check } from "../../support/check.ts";
import { listFilesOf, run } from "../../support/files.ts";
import {
  type Part,
  deletePart,
  emptyBody,
  findPart,
  readParts,
  readStarter,
} from "../../support/fork.ts";
import { applyBlock, readBlocks } from "../../support/markdown.ts";

const PATIENCE_MS = 600_000;
const parts = await readParts();

/** Path that is gone → what would still name it. The manual and README.md are a fork's own to change. */
const NAMES: [path: string, names: RegExp][] = [
  ["src/demo", /demo\/|__NETWORK_HOST__|style\.css|"qr"/],
  ["local-ably", /local[ _-]?ably|@msgpack|"ws"/i],
  ["upstream", /\bupstream\//],
  ["docs", /(?<!com\/)\bdocs\//],
  [".github", /\.github\//],
];

/** Files that may name what is gone: they say which tests are left out without it. */
const SAY_SO = /^(tests\/|vitest\.config\.ts$)/;
const YOUR_OWN =
  /^(README\.md|LICENSE|CONTRIBUTING\.md|package-lock\.json|\.github\/workflows\/upstream\.yml|(docs|upstream|\.ci)\/.*)$/;

let copy = "";
afterEach(() => removeCopy(copy));

/** Replaces the demo's code, as README.md says. */
async function startAgain(): Promise<void> {
  await emptyBody(copy);
  await writeFile(join(copy, "src/main.ts"), await readStarter());
}

async function deleteFromCopy(part: Part): Promise<void> {
  await deletePart(copy, part);
  if (part.paths.includes("src/demo")) await startAgain();
}

/** Returns each line that still names what is gone. */
async function leftovers(paths: string[]): Promise<string[]> {
  const names = NAMES.filter(([path]) => paths.includes(path));
  const files = (await listFilesOf(copy)).filter((file) => !YOUR_OWN.test(file));
  const found = await Promise.all(
    files.map(async (file) => {
      const lines = (await readFile(join(copy, file), "utf8")).split("\n");
      const isLeft = (line: string) =>
        names.some(
          ([path, name]) => name.test(line) && !(path === "local-ably" && SAY_SO.test(file)),
        );
      return lines.filter(isLeft).map((line) => `${file}: ${line.trim()}`);
    }),
  );
  return found.flat();
}

it("README.md has a command for each part that may be deleted", () => {
  expect(parts.flatMap(({ paths }) => paths).toSorted()).toEqual([
    ".ci",
    ".devcontainer",
    ".github",
    ".github/workflows/upstream.yml",
    "CONTRIBUTING.md",
    "docs",
    "local-ably",
    "netlify/functions/ably-token-request/local-ably.ts",
    "src/demo",
    "src/demo/local-ably",
    "src/realtime/local-ably.ts",
    "src/style.css",
    "tests/demo",
    "tests/demo/local-ably.test.ts",
    "tests/function/local-ably.test.ts",
    "upstream",
    "vite/network-host.ts",
  ]);
});

it.each(parts)("npm run check passes without: $paths.0", { timeout: PATIENCE_MS }, async (part) => {
  copy = await copyProject();
  await deleteFromCopy(part);
  expect(await leftovers(part.paths)).toEqual([]);
  const output = await check(copy);
  const isLeftOut = output.includes(
    "Left out: tests that need Ably, because local-ably/ is not here",
  );
  expect(isLeftOut).toBe(part.paths.includes("local-ably"));
});

it("npm run check passes without all of them", { timeout: PATIENCE_MS }, async () => {
  copy = await copyProject();
  for (const part of parts) await deleteFromCopy(part);
  expect(await leftovers(parts.flatMap(({ paths }) => paths))).toEqual([]);
  await check(copy);
});

/** Each goes with its files, its test and the lines that end with `delete with` and its name. */
const HARDENING = [
  ["safe-decoding"],
  ["token"],
  ["token-requests", "token"],
  ["outbox", "outbox-storage"],
];

it.each(HARDENING)(
  "the kept half works without src/realtime/%s.ts",
  { timeout: PATIENCE_MS },
  async (...names) => {
    copy = await copyProject();
    await deleteFromCopy(await findPart("src/demo"));
    for (const name of names) {
      await rm(join(copy, `src/realtime/${name}.ts`));
      await rm(join(copy, `tests/realtime/${name}.test.ts`), { force: true });
      for (const file of await listFilesOf(copy))
        await deleteLines(file, `// delete with ${name}.ts`);
    }
    await run("npx", ["tsc"], { cwd: copy });
    const rest = ["room", "outbox"].filter((each) => !names.includes(each));
    const files = rest.map((each) => `tests/realtime/${each}.test.ts`);
    await run("npx", ["vitest", "run", "--project=unit", ...files], { cwd: copy });
  },
);

async function deleteLines(file: string, mark: string): Promise<void> {
  const text = await readFile(join(copy, file), "utf8");
  const kept = text.split("\n").filter((line) => !line.endsWith(mark));
  await writeFile(join(copy, file), kept.join("\n"));
}

it("npm run check passes with the first recipe", { timeout: PATIENCE_MS }, async () => {
  copy = await copyProject();
  for (const block of await readBlocks("docs/recipes/message-types.md")) {
    await applyBlock(copy, block);
  }
  await check(copy);
});

it("npm run check passes with a first feature: 👍", { timeout: PATIENCE_MS }, async () => {
  copy = await copyProject();
  const patch = join(ROOT, "upstream/tests/project/first-feature.patch");
  await run("git", ["apply", patch], { cwd: copy });
  await check(copy);
});

it(
  "npm run check passes with a second page, as AGENTS.md says",
  { timeout: PATIENCE_MS },
  async () => {
    copy = await copyProject();
    const agents = await readFile(join(ROOT, "AGENTS.md"), "utf8");
    const [, option = "", page = ""] = /^- A page:.*`(\w+: .*"([\w.]+)"\] })`/m.exec(agents) ?? [];
    await writeFile(join(copy, page), '<script type="module">console.log("About")</script>');
    const config = join(copy, "vite.config.ts");
    const before = await readFile(config, "utf8");
    await writeFile(config, before.replace("build: {", `build: { ${option},`));
    await run("npx", ["oxfmt", "vite.config.ts", page], { cwd: copy });
    await check(copy);
    expect(await readdir(join(copy, "dist"))).toEqual(expect.arrayContaining(["index.html", page]));
  },
);

it(
  "npm run check passes with another README and other words on the page",
  { timeout: PATIENCE_MS },
  async () => {
    copy = await copyProject();
    await writeFile(join(copy, "README.md"), "My app\n===\n* It is   great\n");
    const page = join(copy, "index.html");
    await writeFile(
      page,
      (await readFile(page, "utf8")).replace(/<title>.*<\/title>/, "<title>Mine</title>"),
    );
    await check(copy);
  },
);
