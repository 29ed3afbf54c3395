import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { copyProject, removeCopy } from "../project/copy.ts";

const IS_WINDOWS = process.platform === "win32";
const READY = "Local dev server ready";

export type DevServer = {
  url: string;
  output(): string;
  /** Resolves when it has ended, by itself or not. */
  ended: Promise<void>;
  stop(): Promise<void>;
};

/**
 * Runs `npm run dev` as a person would, on free ports, in a copy of the project: Netlify's CLI keeps
 * the functions that it built in the folder where it runs, so that two servers need two.
 * @param settings Those of local Ably: see local-ably/settings.ts.
 * @param folder A copy of the test's own. It goes when the server stops.
 */
export async function startDev({
  key = "",
  vitePort,
  folder,
  settings,
}: {
  key?: string;
  vitePort?: number;
  folder?: string;
  settings?: Record<string, number>;
} = {}): Promise<DevServer> {
  const cwd = folder ?? (await copyProject());
  if (settings) await giveLocalAbly(settings, join(cwd, "vite.config.ts"));
  const [port, target] = [await freePort(), vitePort ?? (await freePort())];
  const options = `--port ${port} --target-port ${target} --command "vite --port ${target}"`;
  const dev = spawn(`npm run dev -- ${options}`, {
    cwd,
    env: { ...process.env, ABLY_API_KEY: key, DEFAULT_CLIENT_ID: "", NODE_ENV: "development" },
    // npm is a script of the shell's on Windows.
    shell: true,
    // A group of its own, so that npm, netlify and vite all end together.
    detached: !IS_WINDOWS,
  });

  let text = "";
  const exited = new Promise<void>((resolve) => dev.once("exit", () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(READY)) resolve();
    };
    dev.stdout.on("data", read);
    dev.stderr.on("data", read);
    void exited.then(() => reject(new Error(`npm run dev ended by itself:\n${text}`)));
  });
  await ready;

  return {
    url: `http://localhost:${port}`,
    output: () => text,
    ended: exited,
    async stop() {
      if (dev.exitCode === null) endTree(dev);
      await exited;
      await removeCopy(cwd);
    },
  };
}

/** As a person does who wants, say, a shorter connectionStateTtl than Ably's two minutes. */
async function giveLocalAbly(settings: Record<string, number>, config: string): Promise<void> {
  const before = await readFile(config, "utf8");
  const after = before.replace("localAbly()", `localAbly(${JSON.stringify(settings)})`);
  if (after === before) throw new Error(`No localAbly() in ${config}`);
  await writeFile(config, after);
}

function endTree({ pid }: ChildProcess): void {
  if (!pid) return;
  if (IS_WINDOWS) spawnSync("taskkill", ["/pid", `${pid}`, "/T", "/F"]);
  else process.kill(-pid, "SIGTERM");
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
