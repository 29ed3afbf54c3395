/** README.md as a newcomer meets it: its length, its first screen, and a row for each problem. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../../tests/support/copy.ts";

const MAX_LINES = 140;
const FIRST_SCREEN_LINES = 20;

const read = (path: string) => readFile(join(ROOT, path), "utf8");
const readme = await read("README.md");

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

it("AGENTS.md is short, and CLAUDE.md only points to it", async () => {
  expect((await read("AGENTS.md")).trimEnd().split("\n").length).toBeLessThan(80);
  expect((await read("CLAUDE.md")).trim()).toBe("See [AGENTS.md](AGENTS.md).");
});
