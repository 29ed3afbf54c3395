import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";

const IS_WINDOWS = process.platform === "win32";

export type Program = {
  output(): string;
  /** Resolves when it has ended, by itself or not. */
  ended: Promise<void>;
  /** Rejects with all that it said if it had ended before, by itself: its end is then why the test failed. */
  stop(): Promise<void>;
};

/** Runs a command of the shell's until it says that it is ready. Rejects with all that it said if it ends before. */
export async function startProgram(
  command: string,
  { cwd, env, ready }: { cwd: string; env: Record<string, string>; ready: string },
): Promise<Program> {
  const child = spawn(command, {
    cwd,
    env: { ...process.env, ...env },
    // npm is a script of the shell's on Windows.
    shell: true,
    // A group of its own, so that the shell and all that it started end together.
    detached: !IS_WINDOWS,
  });
  // Ctrl+C ends the tests only: the program has a group of its own.
  const end = () => endTree(child);
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  let text = "";
  const endedByItself = () => new Error(`${command} ended by itself:\n${text}`);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(ready)) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void ended.then(() => reject(endedByItself()));
  });
  return {
    output: () => text,
    ended,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) throw endedByItself();
      endTree(child);
      await ended;
    },
  };
}

function endTree({ pid }: ChildProcess): void {
  if (!pid) return;
  if (IS_WINDOWS) spawnSync("taskkill", ["/pid", `${pid}`, "/T", "/F"]);
  else process.kill(-pid, "SIGTERM");
}

/** A port that was given away is free until its program listens. */
const given = new Set<number>();

/** Below the ports that systems give away by themselves: one of those could be gone a moment later. */
export async function freePort(): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * 20_000);
  if (given.has(port)) return freePort();
  given.add(port);
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
  });
  if (!isFree) return freePort();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
