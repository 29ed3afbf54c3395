/** What a first visit downloads, compressed as Netlify's CDN does it. */
import { brotliCompressSync } from "node:zlib";
import { beforeAll, expect, it } from "vitest";
import {
  type File,
  bundle,
  firstLoad,
  secondLoad,
  textOf,
  weigh,
  weightOf,
} from "../../support/bundle.ts";
import { ROOT } from "../../../tests/support/copy.ts";

/** Bytes, compressed with brotli. */
const BUDGETS = { html: 4_000, css: 5_000, js: 45_000 };
const SECOND_BUDGET = 10_000;

let first: File[];
let second: File[];

beforeAll(async () => {
  const files = await bundle(ROOT);
  first = firstLoad(files);
  second = secondLoad(files);
  const weights = files.map((file): [string, number] => [file.fileName, weightOf(file)]);
  console.info(`Bytes with brotli:\n${table(weights)}`);
});

it.each(Object.entries(BUDGETS))("the first load keeps to its budget of %s", (kind, budget) => {
  const bytes = weigh(first, kind);
  expect(bytes, `Bytes of each part:\n${describeParts()}`).toBeLessThanOrEqual(budget);
});

it("the script that loads while the page connects keeps to its budget", () => {
  expect(second).toHaveLength(1);
  expect(weigh(second, "js")).toBeLessThanOrEqual(SECOND_BUDGET);
});

it("the first load is a page, a stylesheet and a script, and neither font nor image", () => {
  const kinds = first.map(({ fileName }) => fileName.replace(/.*\./, ""));
  expect(kinds.toSorted()).toEqual(["css", "html", "js"]);
  const [html = "", css = ""] = ["html", "css"].map((kind) =>
    String(first.filter(({ fileName }) => fileName.endsWith(kind)).map(textOf)),
  );
  const named = [...html.matchAll(/\s(?:src|href)="(?!data:|https:|\/")([^"]+)"/g)].map(
    ([, url]) => url,
  );
  expect(named).toHaveLength(kinds.length - 1);
  expect(css).not.toMatch(/url\(|@import/);
});

/** Returns each package and folder in the script with its own size, before it is minified. */
function measureParts(): [part: string, bytes: number][] {
  const code = new Map<string, string>();
  for (const chunk of first.filter((file) => file.type === "chunk")) {
    for (const [id, { code: text }] of Object.entries(chunk.modules)) {
      const part = /node_modules\/((?:@[^/]+\/)?[^/]+)|(src\/\w+)/.exec(id)?.slice(1).join("");
      code.set(part ?? "Vite", `${code.get(part ?? "Vite") ?? ""}${text ?? ""}`);
    }
  }
  return [...code].map(([part, text]) => [part, brotliCompressSync(text).length]);
}

function describeParts(): string {
  return table(measureParts());
}

function table(rows: [name: string, ...cells: (string | number)[]][]): string {
  return rows.map(([name, ...cells]) => `  ${name.padEnd(32)} ${cells.join("  ")}`).join("\n");
}
