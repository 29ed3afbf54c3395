import { spawn } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { ROOT } from "../project/copy.ts";

const READY = "Local dev server ready";

export type DevServer = {
  url: string;
  output(): string;
  /** Resolves when it has ended, by itself or not. */
  ended: Promise<void>;
  stop(): Promise<void>;
};

/**
 * Runs `npm run dev` as a person would, on free ports. `ABLY_API_KEY` comes from the shell, which
 * beats any `.env` of the developer who runs the tests; blank means none.
 */
export async function startDev({
  key = "",
  vitePort,
  cwd = ROOT,
}: { key?: string; vitePort?: number; cwd?: string } = {}): Promise<DevServer> {
  const [port, target] = [await freePort(), vitePort ?? (await freePort())];
  const options = ["--port", `${port}`, "--target-port", `${target}`];
  const command = ["--command", `vite --port ${target}`];
  const dev = spawn("npm", ["run", "dev", "--", ...options, ...command], {
    cwd,
    env: { ...process.env, ABLY_API_KEY: key, DEFAULT_CLIENT_ID: "", NODE_ENV: "development" },
    // A group of its own, so that npm, netlify and vite all end together.
    detached: true,
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
      if (dev.exitCode === null && dev.pid) process.kill(-dev.pid, "SIGTERM");
      await exited;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
