/** What the first visit downloads, as Netlify's CDN sends it. */
import { brotliCompressSync } from "node:zlib";
import { beforeAll, expect, it } from "vitest";
import { type File, bundle, firstLoad, pack, textOf, weigh } from "../../support/bundle.ts";
import { ROOT } from "../../../tests/support/copy.ts";

/** Bytes, packed by brotli. */
const BUDGETS = { html: 4_000, css: 5_000, js: 42_000 };

/** What the parts of the script came to when this was last written: no limits, only to tell what grew. */
const PARTS: Record<string, number> = {
  ably: 44_796,
  "src/demo": 7_044,
  "src/realtime": 2_719,
  "src/main": 729,
  Vite: 70,
};

let first: File[];

beforeAll(async () => {
  const files = await bundle(ROOT);
  first = firstLoad(files);
  const weights = files.map((file): [string, number] => [file.fileName, pack(file).length]);
  console.info(`Bytes with brotli:\n${table(weights)}`);
});

it.each(Object.entries(BUDGETS))("the first load keeps to its budget of %s", (kind, budget) => {
  const bytes = weigh(first, kind);
  if (bytes > budget) {
    expect.fail(
      `${bytes} bytes of ${kind}: ${budget} are allowed. Load what is not needed at first sight ` +
        "with import(), as src/demo/invite.ts does. Your app is worth more than that? Then raise " +
        `BUDGETS in tests/project/weight.test.ts.\n${describeParts()}`,
    );
  }
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

/** Each package and folder in the script, packed alone and before it is made small. */
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
  return table(measureParts().map(([part, bytes]) => [part, bytes, `was ${PARTS[part] ?? 0}`]));
}

function table(rows: [name: string, ...cells: (string | number)[]][]): string {
  return rows.map(([name, ...cells]) => `  ${name.padEnd(32)} ${cells.join("  ")}`).join("\n");
}
