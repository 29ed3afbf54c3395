import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ViteDevServer, createLogger, createServer } from "vite";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { askForRestart } from "../../vite/restart.ts";

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
  await rm(root, { recursive: true });
});

it("asks for a restart when the key in .env has changed, also after a byte order mark", async () => {
  await writeFile(join(root, ".env"), "\uFEFFABLY_API_KEY=a.b:d");
  await expect.poll(() => vi.mocked(logger.warn).mock.calls.join()).toContain("has changed");
});

it("names a .env that it cannot read", async () => {
  await writeFile(join(root, ".env"), Buffer.from("ABLY_API_KEY=a.b:d", "utf16le"));
  await expect.poll(() => vi.mocked(logger.error).mock.calls.join()).toContain("not in UTF-8");
});
