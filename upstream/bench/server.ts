import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { scripts } from "../../package.json" with { type: "json" };
import { ROOT } from "../../tests/support/copy.ts";
import { run } from "../support/files.ts";

/** Short beside what is measured, and no load of its own. */
const POLL_MS = 5;
const PATIENCE_MS = 60_000;

/** What `npm run local-ably` runs, without npm. */
export const LOCAL_ABLY = scripts["local-ably"].split(" ").with(0, process.execPath);

export type Server = {
  pid: number;
  /** From the spawn to the first answer. */
  startMs: number;
  stop(): Promise<void>;
};

/** Starts a program of this project, and waits until `url` answers 200. */
export async function startServer(
  [program = "", ...args]: string[],
  url: string,
  env: Record<string, string>,
): Promise<Server> {
  const startedAt = performance.now();
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: "ignore",
    // A group of its own, so that what it starts ends with it.
    detached: true,
  });
  const { pid } = child;
  if (!pid) throw new Error(`There is no program ${program}.`);
  const ended = once(child, "exit");
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const kill = () => hasEnded() || process.kill(-pid, "SIGTERM");
  process.once("exit", kill);
  const stop = async () => {
    kill();
    await ended;
    process.off("exit", kill);
  };

  while (!(await answers(url))) {
    const isLate = performance.now() - startedAt > PATIENCE_MS;
    if (isLate) await stop();
    if (isLate || hasEnded()) throw new Error(`No answer at ${url}: ${args.join(" ")}`);
    await sleep(POLL_MS);
  }
  return { pid, startMs: performance.now() - startedAt, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

/** What the process holds in memory, in kB. */
export async function readMemory(pid: number): Promise<number> {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout);
}
