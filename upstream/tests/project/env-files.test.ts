/** Everything that reads `.env` reads in it what `netlify dev` does, or names the file. */
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scripts } from "../../../package.json" with { type: "json" };
import { ROOT, copyProject, removeCopy } from "../../../tests/support/copy.ts";
import { startDev } from "../../support/dev-server.ts";
import { readEnvFiles } from "../../../vite/env-files.ts";

type Read = (options: { projectDir: string }) => Promise<{ env: Record<string, string> }[]>;

/** How `netlify dev` reads the files. The CLI exports it to nobody, so that its types are ours. */
const { tryLoadDotEnvFiles: readAsNetlify } = (await import(
  join(ROOT, "node_modules/netlify-cli/dist/utils/dot-env.js")
)) as { tryLoadDotEnvFiles: Read };

/** Not a key, so that `npm run check:ably` does not connect to Ably. */
const NO_KEY = "not-a-key";

let folder: string;

beforeAll(async () => {
  folder = await copyProject();
});

afterAll(() => removeCopy(folder));

it.each([
  ["A byte order mark", "\uFEFFABLY_API_KEY=a.b:c\nB=2"],
  ["line ends of Windows", "A=1\r\nB=2\r\n"],
  ["export, colons and white space", "export A=1\n  B : 2\nC: 3\nD = 4 "],
  ["comments", "A=1 # one\n#B=2\nC=a#b\nD='a # b'"],
  ["quotes", "A='1'\nB=\"2\\n3\"\nC=`4`\nD='5' 6\nE=\"7\n8\"\nF='a\\nb'"],
  ["empty and repeated variables", 'A=\nB=""\nC=1\nC=2\nD'],
  ["references", "A=1\nB=$A\nC=${A}\nD=\\$A"],
  ["letters of Windows-1252", Buffer.from("# schl\u00FCssel\nA=1\nB=\u00FC", "latin1")],
])("%s means the same to npm run dev and to the rest", async (_what, content) => {
  await writeFile(join(folder, ".env"), content);
  await writeFile(join(folder, ".env.local"), "C=local");
  const files = await readAsNetlify({ projectDir: folder });
  const seen = Object.assign({}, ...files.map(({ env }) => env)) as Record<string, string>;
  expect(readEnvFiles(folder)).toEqual(seen);
  expect(Object.keys(seen).length).toBeGreaterThan(1);
});

describe("a command", () => {
  /** Runs a script of package.json with this `.env`, and returns what it prints. */
  async function runWith(
    content: string | Buffer,
    script: keyof typeof scripts,
    ...args: string[]
  ) {
    await writeFile(join(folder, ".env"), content);
    const [, ...own] = scripts[script].split(" ");
    const { stdout, stderr, status } = spawnSync(process.execPath, [...own, ...args], {
      cwd: folder,
      encoding: "utf8",
      timeout: 30_000,
    });
    return { output: stdout + stderr, status };
  }

  it("npm run check:ably reads a file with a byte order mark", async () => {
    const { output } = await runWith(`\uFEFFABLY_API_KEY=${NO_KEY}`, "check:ably");
    expect(output).toContain("FAILED     The key has the form appId.keyId:secret");
  });

  it("npm run local-ably reads a file with a byte order mark", async () => {
    const content = "\uFEFFLOCAL_ABLY_KEYS=[wrong\nLOCAL_ABLY_PORT=0";
    const { output, status } = await runWith(content, "local-ably");
    expect(output).toContain("LOCAL_ABLY_KEYS");
    expect(status).toBe(1);
  });

  it.each(["check:ably", "local-ably"] as const)(
    "npm run %s names a file in UTF-16",
    async (script) => {
      const utf16 = Buffer.from(`\uFEFFABLY_API_KEY=${NO_KEY}`, "utf16le");
      const { output, status } = await runWith(utf16, script);
      expect(output).toContain(".env is not in UTF-8, so netlify dev cannot read it. Save it as");
      expect(status).toBe(1);
    },
  );
});

it("npm run dev names a file in UTF-16, and does not start without its key", async () => {
  const copy = await copyProject();
  await writeFile(join(copy, ".env"), Buffer.from("\uFEFFABLY_API_KEY=a.b:c", "utf16le"));
  await expect(startDev({ folder: copy })).rejects.toThrow(
    /\.env is not in UTF-8.*Shutting down Netlify Dev/s,
  );
});
