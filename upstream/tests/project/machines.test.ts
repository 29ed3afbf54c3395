/** A fork's `npm test` on machines that differ from the one where this was written. */
import { once } from "node:events";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type Server, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT, linkPackages, removeCopy, updateCopy } from "../../../tests/support/copy.ts";
import { runNpm } from "../../support/check.ts";
import { type Listening, listen } from "../../support/listening.ts";

const PATIENCE_MS = 600_000;

/** The ports of `npm run dev`. */
const TAKEN = [8888, 5173];

/** What the app reads, with values that break it. */
const VARIABLES = {
  ABLY_API_KEY: "xVLyHw.DQrNxQ:UBKsG3hdeKpS-7Y7",
  DEFAULT_CLIENT_ID: "*",
  LOCAL_ABLY_PORT: "1",
  LOCAL_ABLY_HOST: "nowhere.invalid",
  LOCAL_ABLY_KEYS: "[",
};

const STRANGE_MACHINE = {
  ...VARIABLES,
  CONTEXT: "deploy-preview",
  NETLIFY_DEV: "true",
  VITE_COLOR: "red",
  NODE_ENV: "production",
  TZ: "Pacific/Chatham",
  LANG: "ar_EG.UTF-8",
  LC_ALL: "ar_EG.UTF-8",
  NO_PROXY: "localhost,127.0.0.1",
  FONTCONFIG_FILE: join(ROOT, "upstream/support/plain-fonts.conf"),
};

/** Fails if a file that ran before it in the same worker has left something behind. */
const PROBE = `import { expect, it } from "vitest";
it("is isolated", () => {
  expect(globalThis).not.toHaveProperty("leftBehind");
  Object.assign(globalThis, { leftBehind: true });
});
`;

/** More than there are workers, so that two files share one. */
const PROBES = 5;

let copy: string;
let servers: Server[];
let proxy: Listening;

beforeAll(async () => {
  // Without .git, as in a downloaded ZIP file.
  copy = await mkdtemp(join(tmpdir(), "Mein Projekt – 项目 (1) "));
  await updateCopy(copy);
  await linkPackages(copy);
  await mkdir(join(copy, "tests/probe"));
  for (const kind of ["test", "browser.test"]) {
    for (let index = 0; index < PROBES; index += 1) {
      await writeFile(join(copy, `tests/probe/probe-${index}.${kind}.ts`), PROBE);
    }
  }
  proxy = await listen(createProxy());
  servers = await Promise.all(TAKEN.map(occupy));
});

afterAll(async () => {
  for (const server of servers) server.close();
  await proxy.close();
  await removeCopy(copy);
});

/** Refuses everything, as the proxy of a company may do. */
function createProxy(): Server {
  const refuse = (_request: unknown, response: Writable) =>
    response.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
  return createHttpServer((_request, response) => response.writeHead(403).end()).on(
    "connect",
    refuse,
  );
}

/** Uses a port, if no other program does. */
async function occupy(port: number): Promise<Server> {
  const server = createServer().listen(port, "127.0.0.1");
  await Promise.race([once(server, "listening"), once(server, "error")]);
  return server;
}

it("npm test passes on a strange machine", { timeout: PATIENCE_MS }, async () => {
  const lines = Object.entries(VARIABLES).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(copy, ".env"), lines.join(""));
  const url = `http://127.0.0.1:${proxy.port}`;
  const output = await runNpm("test", copy, {
    ...STRANGE_MACHINE,
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
  });
  expect(output).toMatch(/^ +Tests +\d+ passed \(\d+\)$/m);
  expect(output).toMatch(/browser.*tests\/probe\/probe-0\.browser\.test\.ts/);
  expect(output).not.toContain("Left out");
});

it("npm test passes without Chromium, and names it", { timeout: PATIENCE_MS }, async () => {
  const output = await runNpm("test", copy, { CHROMIUM: join(copy, "no-browser") });
  expect(output.match(/^Left out: .*/gm)).toEqual([
    expect.stringMatching(/browser tests.*no Chromium was found\. Install .* or set CHROMIUM/),
  ]);
  expect(output).toMatch(/^ +Tests +\d+ passed \(\d+\)$/m);
});
