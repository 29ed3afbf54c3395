/** docs/v3.md lists what changes with the next SDK. It must not miss a file that imports this one. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../../tests/support/copy.ts";
import { listFiles } from "../../support/files.ts";

const read = (path: string) => readFile(join(ROOT, path), "utf8");

it("names every file outside of the tests that imports the SDK", async () => {
  const files = (await listFiles()).filter((path) => /^(?!tests\/|upstream\/).*\.ts$/.test(path));
  const texts = await Promise.all(files.map(read));
  const importing = files.filter((_path, index) => /from "ably[/"]/.test(texts[index] ?? ""));
  expect(importing.length).toBeGreaterThan(0);
  const doc = await read("docs/v3.md");
  expect(importing.filter((path) => !doc.includes(`\`${path}\``))).toEqual([]);
});
