import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readEnvFiles } from "../../vite/env-files.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "starter-env-"));
});

afterEach(() => rm(folder, { recursive: true }));

async function readAfter(files: Record<string, string | Buffer>): Promise<Record<string, string>> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return readEnvFiles(folder);
}

it("has no variables without files", async () => {
  expect(await readAfter({})).toEqual({});
});

it("prefers the files in the order of Netlify's CLI", async () => {
  const files = { ".env.development.local": "A=1", ".env.local": "A=2\nB=2" };
  const more = { ".env.development": "B=3\nC=3", ".env": "C=4\nD=4", ".env.production": "D=5" };
  expect(await readAfter({ ...files, ...more })).toEqual({ A: "1", B: "2", C: "3", D: "4" });
});

it("reads a file with a byte order mark", async () => {
  expect(await readAfter({ ".env": "\uFEFFABLY_API_KEY=a.b:c\r\nB=1\r\n" })).toEqual({
    ABLY_API_KEY: "a.b:c",
    B: "1",
  });
});

it.each([
  ["UTF-16", Buffer.from("\uFEFFA=1", "utf16le")],
  ["UTF-16 without a mark", Buffer.from("A=1", "utf16le")],
  ["UTF-16, big-endian", Buffer.from("\uFEFFA=1", "utf16le").swap16()],
  ["UTF-16, big-endian, without a mark", Buffer.from("A=1", "utf16le").swap16()],
])("names a file in %s, and what to do", async (_what, content) => {
  await expect(readAfter({ ".env": content })).rejects.toThrow(
    `${join(folder, ".env")} is not in UTF-8, so netlify dev cannot read it. Save it as UTF-8: `,
  );
});
