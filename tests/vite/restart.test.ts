import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ViteDevServer, createLogger, createServer } from "vite";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { askForRestart } from "../../vite/restart.ts";
import { removeCopy } from "../support/copy.ts";

let root: string;
let server: ViteDevServer;

const logger = createLogger("silent");

beforeEach(async () => {
  vi.spyOn(logger, "warn");
  vi.spyOn(logger, "error");
  root = await mkdtemp(join(tmpdir(), "starter-restart-"));
  await writeFile(join(root, ".env"), "ABLY_API_KEY=a.b:c");
  server = await createServer({
    root,
    configFile: false,
    customLogger: logger,
    plugins: [askForRestart()],
    server: { middlewareMode: true, ws: false },
  });
});

afterEach(async () => {
  await server.close();
  await removeCopy(root);
});

/** Writes `.env` until a warning or an error is logged: at first, the watcher may not be ready. */
async function logged(level: "warn" | "error", content: string | Buffer): Promise<string> {
  const calls = vi.mocked(logger[level]).mock.calls;
  await expect
    .poll(async () => {
      await writeFile(join(root, ".env"), content);
      return calls.length;
    })
    .toBeGreaterThan(0);
  return calls.join();
}

it("asks for a restart when the key in .env has changed, also after a byte order mark", async () => {
  expect(await logged("warn", "\uFEFFABLY_API_KEY=a.b:d")).toContain("ABLY_API_KEY has changed");
});

it("names a .env that it cannot read", async () => {
  const utf16 = Buffer.from("ABLY_API_KEY=a.b:d", "utf16le");
  expect(await logged("error", utf16)).toContain(".env is not in UTF-8");
});
