/** README.md as a newcomer meets it: its length, its code, and a row for each sentence of the page. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../../tests/support/copy.ts";
import { startDev } from "../../../tests/support/dev-server.ts";
import { setStage } from "../../../tests/support/stage.ts";
import { runIn } from "../../support/files.ts";
import { copyBareProject, readStarter } from "../../support/fork.ts";

const MAX_LINES = 140;
const FIRST_SCREEN_LINES = 20;
const MAX_CODE_LINES = 15;

const read = (path: string) => readFile(join(ROOT, path), "utf8");
const [readme, code] = await Promise.all([read("README.md"), readStarter()]);

const stage = setStage(async () => {
  const copy = await copyBareProject();
  await writeFile(join(copy, "src/main.ts"), code);
  await runIn(copy, "typescript/bin/tsc");
  return startDev({ folder: copy });
});

it("is short, with the picture and both commands on the first screen", () => {
  const lines = readme.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(MAX_LINES);
  const start = lines.slice(0, FIRST_SCREEN_LINES).join("\n");
  for (const part of ["docs/page-light.png", "npm run dev", "npm test"]) {
    expect(start).toContain(part);
  }
});

it("has a row for each title of a problem that the page shows", async () => {
  const problems = await read("src/demo/state/problems.ts");
  const [, titles = ""] = /const TITLES[^=]*= \{([^]*?)\n\}/.exec(problems) ?? [];
  const listed = [...titles.matchAll(/: "(.+)",/g)].map(([, title = ""]) => title);
  const own = [...problems.matchAll(/title: "(.+)"/g)].map(([, title = ""]) => title);
  expect(listed.length).toBeGreaterThan(10);
  const [, rows = ""] = readme.split("## If something is wrong");
  expect([...listed, ...own].filter((title) => !rows.includes(`\`${title}\``))).toEqual([]);
});

it("has code for a page of your own that works as it stands", async () => {
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(MAX_CODE_LINES);
  const [{ page: ada }, { page: bob }] = [await stage.open(), await stage.open()];
  for (const page of [ada, bob]) await page.goto(stage.site.url);
  await expect.poll(() => ada.title()).toBe("2 here");
  await ada.mouse.click(50, 50);
  await bob.getByText('{"text":"hi"}').waitFor();
});

it("AGENTS.md is short, and CLAUDE.md only points to it", async () => {
  expect((await read("AGENTS.md")).trimEnd().split("\n").length).toBeLessThan(80);
  expect((await read("CLAUDE.md")).trim()).toBe("See [AGENTS.md](AGENTS.md).");
});
