import { readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { ROOT } from "../../../tests/support/copy.ts";
import { listFiles } from "../../support/files.ts";

const MAX_FUNCTION_LINES = 50;
const MAX_MAIN_LINES = 65;

const files = (await listFiles()).filter((file) =>
  /^((src|netlify|vite|local-ably)\/.*|[^/]+)\.ts$/.test(file),
);

/** Returns the name and the length of each function in a file. */
async function measureFunctions(file: string): Promise<[name: string, lines: number][]> {
  const code = await readFile(join(ROOT, file), "utf8");
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true);
  const found: [string, number][] = [];
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const start = lineOf(node.getStart(source));
      found.push([`${file}:${start + 1}`, lineOf(node.end) - start + 1]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

it("no function of the app or of local Ably is longer than 50 lines", async () => {
  const functions = (await Promise.all(files.map(measureFunctions))).flat();
  expect(functions.length).toBeGreaterThan(files.length);
  expect(functions.filter(([, lines]) => lines > MAX_FUNCTION_LINES)).toEqual([]);
});

it("the first lines of each file of the app say whose it is", async () => {
  const own = files.filter((file) => /^(src|netlify|vite)\//.test(file));
  const starts = own.map(async (file) => {
    const [first = "", second = ""] = (await readFile(join(ROOT, file), "utf8")).split("\n");
    return [file, /^\/\*\*(\n \*)? (YOURS|KEPT|SHOWN)\b/.test(`${first}\n${second}`)] as const;
  });
  expect(own.length).toBeGreaterThan(50);
  expect((await Promise.all(starts)).filter(([, isMarked]) => !isMarked)).toEqual([]);
});

it("src/main.ts only wires the parts together", async () => {
  const main = await readFile(join(ROOT, "src/main.ts"), "utf8");
  expect(main.trimEnd().split("\n").length).toBeLessThanOrEqual(MAX_MAIN_LINES);
});
