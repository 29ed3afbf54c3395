/** The parts of the app import each other in one direction only. */
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { ROOT } from "../../../tests/support/copy.ts";
import { listFiles } from "../../support/files.ts";

const ABLY = /^ably(\/modular)?$/;
const APP = /^src\/app\.ts$/;
/** The one door to src/realtime/, and the words for errors, which load later. */
const DOOR = /^src\/realtime\/(index|words)\.ts$/;
const CONTRACT = /^src\/realtime\/contract\.ts$/;
const STATE = /^src\/demo\/state\//;
const FUNCTION = /^netlify\/functions\/ably-token-request\//;

/** Which files → what they may import. The first row that fits a file counts. */
const MAY_IMPORT: [files: RegExp, allowed: RegExp[]][] = [
  [/^src\/main\.ts$/, [/^src\/demo\//, APP, DOOR]],
  [APP, [CONTRACT, /^valibot$/]],
  [STATE, [STATE, APP, DOOR]],
  [/^src\/demo\//, [/^src\/demo\//, APP, DOOR, /^qr$/]],
  [/^src\/realtime\//, [/^src\/realtime\//, ABLY]],
  [/^src\/env\.d\.ts$/, []],
  [FUNCTION, [FUNCTION, CONTRACT, ABLY, /^@netlify\/functions$/, /^node:/]],
  [
    /^netlify\/publish\.ts$/,
    [
      FUNCTION,
      CONTRACT,
      APP,
      /^src\/realtime\/errors\.ts$/,
      ABLY,
      /^@netlify\/functions$/,
      /^node:/,
    ],
  ],
  [
    /^local-ably\//,
    [
      /^local-ably\//,
      /^netlify\/functions\/ably-token-request\/local-ably\.ts$/,
      /^vite\/env-files\.ts$/,
      /^(ws|vite|@msgpack\/msgpack)$/,
      /^node:/,
    ],
  ],
  [/^vite\.config\.ts$/, [/^vite\//, /^local-ably\/vite\.ts$/, /^vite$/]],
  [/^vite\//, [/^vite\//, /^(vite|dotenv)$/, /^node:/]],
  [/^tests\/demo\//, [/^(?!upstream\/|local-ably\/)/]],
  // The tests of what a fork keeps know nothing of the demo, and no message of the app.
  [/^tests\//, [/^(?!upstream\/|local-ably\/|src\/demo\/|src\/app\.ts|tests\/demo\/)/]],
  [/^(vitest\.config|check-ably)\.ts$/, [/^(?!upstream\/|local-ably\/)/]],
];

const files = (await listFiles()).filter((file) => !file.startsWith("upstream/"));
const code = files.filter((file) => file.endsWith(".ts"));

const read = (file: string) => readFile(join(ROOT, file), "utf8");

/** Returns what a file imports: packages by name, files as paths from the root. */
async function importsOf(file: string): Promise<string[]> {
  const { importedFiles } = ts.preProcessFile(await read(file), true, true);
  return importedFiles.map(({ fileName }) =>
    fileName.startsWith(".") ? posix.join(posix.dirname(file), fileName) : fileName,
  );
}

it.each(code)("%s imports only what it may", async (file) => {
  const row = MAY_IMPORT.find(([pattern]) => pattern.test(file));
  if (!row) expect.fail(`There is no rule for ${file}: add one to MAY_IMPORT.`);
  const [, allowed] = row;
  const others = (await importsOf(file)).filter((name) => !allowed.some((one) => one.test(name)));
  expect(others).toEqual([]);
});

it("nothing in the app names upstream/", async () => {
  const app = files.filter((file) => !/\.md$|^\.ci\/|^\.github\/workflows\/upstream/.test(file));
  const texts = await Promise.all(app.map(read));
  expect(app.filter((_file, index) => texts[index]?.includes("upstream/"))).toEqual([]);
});

it("no files import each other in a circle", async () => {
  const done = new Set<string>();
  const visit = async (file: string, path: string[]): Promise<void> => {
    expect(path, "a circle").not.toContain(file);
    if (done.has(file)) return;
    for (const next of await importsOf(file)) {
      if (code.includes(next)) await visit(next, [...path, file]);
    }
    done.add(file);
  };
  for (const file of code) await visit(file, []);
});
