/** README.md as a newcomer meets it: its length and its first screen, and what other files have of it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { listFiles } from "../../support/files.ts";
import { ROOT } from "../../../tests/support/copy.ts";

/** Files that have words for people. */
const SPEAKS = /^(index\.html|src\/.*\.ts|netlify\/.*\.ts|vite\/.*\.ts)$/;
/** Words of Vite, and of a browser about the Content-Security-Policy. */
const OTHERS =
  /^(Blocked request|\) is not allowed|The project root|This document requires|(Executing|Applying) inline|Connecting to|Loading the|'? ?violates)/;
const MAX_LINES = 105;
/** Without commands and code. */
const MAX_WORDS = 850;
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

it("is read in a few minutes", () => {
  const words = readme.replaceAll(/^```[^]*?^```$/gm, "").split(/\s+/);
  expect(words.length).toBeLessThanOrEqual(MAX_WORDS);
});

it("the empty page is the bare page that the tests drive, with the app's own messages", async () => {
  const [bare, recipe] = await Promise.all(
    ["tests/bare/main.ts", "docs/recipes/empty-page.md"].map(read),
  );
  const expected = bare
    ?.replaceAll("../../src/", "./")
    .replaceAll("../support/contract.ts", "./app.ts")
    .replaceAll("notes", "chat")
    .replaceAll('"note"', '"chat-message"')
    .replaceAll('"bare"', '"lobby"');
  expect(recipe).toContain(`\`\`\`ts\n// src/main.ts\n${expected}\`\`\``);
});

it("docs/trouble.md has a row for each title of a problem that a page shows", async () => {
  const [words, problems, rows] = await Promise.all(
    ["src/realtime/words.ts", "src/demo/state/problems.ts", "docs/trouble.md"].map(read),
  );
  const [, table = ""] = /const WORDS[^=]*= \{([^]*?)\n\}/.exec(words ?? "") ?? [];
  const listed = [...table.matchAll(/: \[\s*"([^"]+)"/g)].map(([, title = ""]) => title);
  const own = [...`${words}${problems}`.matchAll(/title: "(.+)"/g)].map(([, title = ""]) => title);
  expect(listed.length).toBeGreaterThan(20);
  expect([...listed, ...own].filter((title) => !rows?.includes(`\`${title}\``))).toEqual([]);
});

it("docs/trouble.md quotes words that the page, the terminal or the browser has", async () => {
  const table = (await read("docs/trouble.md")).split("\n## ")[0] ?? "";
  const cells = table.split("\n").flatMap((line) => /^\| (`.*?) \| /.exec(line)?.[1] ?? []);
  const quotes = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text));
  const parts = quotes.flatMap((quote = "") => quote.split(/…|\d+/)).map((part) => part.trim());
  const own = parts.filter((part) => part !== "" && !OTHERS.test(part));
  expect(own.length).toBeGreaterThan(30);
  const files = (await listFiles()).filter((path) => SPEAKS.test(path));
  const texts = (await Promise.all(files.map(read))).join("\n");
  expect(own.filter((part) => !texts.includes(part))).toEqual([]);
});

it("docs/reference.md names each function, option, event and member that a page may use", async () => {
  const [reference, door, words, room, attachment, connection] = await Promise.all(
    [
      "docs/reference.md",
      "src/realtime/index.ts",
      "src/realtime/words.ts",
      "src/realtime/room.ts",
      "src/realtime/attachment.ts",
      "src/realtime/connection.ts",
    ].map(read),
  );
  const exported = [
    ...`${door}`.replaceAll(/^export type .*$/gm, "").matchAll(/[{,]\s*(?!type )(\w+)(?=[,\s}])/g),
  ].map(([, name]) => name);
  const described = [...`${words}`.matchAll(/^export function (\w+)/gm)].map(([, name]) => name);
  const part = (text: string | undefined, from: string) =>
    text?.slice(text.indexOf(from)).split("\n}")[0] ?? "";
  const fields = [
    ...part(room, "export type RoomOptions").matchAll(/^ {2,6}(\w+)\??:/gm),
    ...part(room, "export type Room<").matchAll(/^ {2}(?:readonly )?(\w+)[<(:]/gm),
    ...part(attachment, "export type RoomEvents").matchAll(/^ {2}(\w+)\?\(/gm),
    ...part(connection, "export class Connection").matchAll(/^ {2}(?:async |get )?([a-z]\w+)\(/gm),
  ].map(([, name]) => name);
  // Not for a page: rooms call them.
  const internal = ["constructor", "onStep", "renewStoredToken"];
  const all = [...exported, ...described, ...fields];
  const names = all.filter((name = "") => !internal.includes(name));
  expect(names.length).toBeGreaterThan(35);
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(`${reference}`))).toEqual([]);
});

it("AGENTS.md is short, and CLAUDE.md only points to it", async () => {
  expect((await read("AGENTS.md")).trimEnd().split("\n").length).toBeLessThan(80);
  expect((await read("CLAUDE.md")).trim()).toBe("See [AGENTS.md](AGENTS.md).");
});
