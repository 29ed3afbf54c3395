/** A fork deletes what README.md's table says it may, or adds its first feature: the app's gate stays green. */
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { ROOT, copyProject, removeCopy } from "../../../tests/support/copy.ts";
import { check } from "../../support/check.ts";
import { run } from "../../support/files.ts";
import { deleteRow, emptyBody, readRows, readStarter } from "../../support/fork.ts";
import { applyBlock, readBlocks } from "../../support/markdown.ts";

const PATIENCE_MS = 240_000;
const rows = await readRows();

let copy = "";
afterEach(() => removeCopy(copy));

/** Replaces the demo's code, as README.md says. */
async function startAgain(): Promise<void> {
  await emptyBody(copy);
  await writeFile(join(copy, "src/main.ts"), await readStarter());
}

async function deleteFromCopy(row: (typeof rows)[number]): Promise<void> {
  await deleteRow(copy, row);
  if (row.paths.includes("src/demo")) await startAgain();
}

it("README.md has a row for each part that may be deleted", () => {
  expect(rows.flatMap(({ paths }) => paths).toSorted()).toEqual([
    ".ci",
    ".devcontainer",
    ".github",
    ".github/workflows/upstream.yml",
    "CONTRIBUTING.md",
    "docs",
    "local-ably",
    "src/demo",
    "src/style.css",
    "tests/demo",
    "upstream",
  ]);
});

it.each(rows)("npm run check passes without $paths", { timeout: PATIENCE_MS }, async (row) => {
  copy = await copyProject();
  await deleteFromCopy(row);
  const output = await check(copy);
  const isLeftOut = output.includes(
    "Left out: tests that need Ably, because local-ably/ is not here",
  );
  expect(isLeftOut).toBe(row.paths.includes("local-ably"));
});

it("npm run check passes without all of them", { timeout: PATIENCE_MS }, async () => {
  copy = await copyProject();
  for (const row of rows) await deleteFromCopy(row);
  await check(copy);
});

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
