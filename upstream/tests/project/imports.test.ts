/** The folders depend on each other one way, as README.md and CONTRIBUTING.md say. */
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../../tests/support/copy.ts";
import { listFiles } from "../../support/files.ts";

/** Folder → what its files may import, beside each other and packages other than ably. */
const MAY_IMPORT: Record<string, RegExp> = {
  "src/main.ts": /^src\/(demo|realtime)\//,
  "src/demo/": /^src\/realtime\//,
  "src/realtime/": /^ably(\/modular)?$/,
  "netlify/": /^(src\/realtime\/contract\.ts|ably(\/modular)?)$/,
  "local-ably/": /^netlify\/functions\/ably-token-request\/key\.ts$/,
  "vite.config.ts": /^local-ably\/vite\.ts$/,
};

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;

async function importsOf(file: string): Promise<string[]> {
  const code = await readFile(join(ROOT, file), "utf8");
  return [...code.matchAll(IMPORT)]
    .map(([, name = ""]) => (name.startsWith(".") ? posix.join(posix.dirname(file), name) : name))
    .filter((name) => name.startsWith("ably") || name.includes(".ts"));
}

const files = (await listFiles()).filter(
  (file) =>
    file.endsWith(".ts") && !file.startsWith("local-ably/tests/") && !file.startsWith("upstream/"),
);

it.each(Object.entries(MAY_IMPORT))("%s imports only what it may", async (folder, allowed) => {
  const own = files.filter((file) => file.startsWith(folder));
  expect(own.length).toBeGreaterThan(0);
  for (const file of own) {
    const others = (await importsOf(file)).filter((name) => !name.startsWith(folder));
    expect(
      others.filter((name) => !allowed.test(name)),
      file,
    ).toEqual([]);
  }
});

it("only vite.config.ts and the proof import local-ably/", async () => {
  const others = files.filter((file) => !/^(local-ably\/|vite\.config\.ts)/.test(file));
  for (const file of others) {
    expect(
      (await importsOf(file)).filter((name) => name.startsWith("local-ably/")),
      file,
    ).toEqual([]);
  }
});

it("nothing imports in a circle", async () => {
  const done = new Set<string>();
  const visit = async (file: string, path: string[]): Promise<void> => {
    expect(path, "a circle").not.toContain(file);
    if (done.has(file)) return;
    for (const next of await importsOf(file)) {
      if (files.includes(next)) await visit(next, [...path, file]);
    }
    done.add(file);
  };
  for (const file of files) await visit(file, []);
});
