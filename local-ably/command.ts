import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Key } from "./auth.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type Server = { ready: string; host: string; port: number; keys: Key[] };

/** Runs a command with the address and the first key of local Ably, and ends as it ends. */
export function runCommand([program = "", ...args]: string[], server: Server): Promise<void> {
  const [{ name, secret } = { name: "", secret: "" }] = server.keys;
  // The output belongs to the command.
  console.error(server.ready);
  const child = spawn(program, args, {
    stdio: "inherit",
    env: {
      ...process.env,
      ABLY_ENDPOINT: ["0.0.0.0", "::"].includes(server.host) ? "127.0.0.1" : server.host,
      ABLY_PORT: String(server.port),
      ABLY_API_KEY: `${name}:${secret}`,
    },
  });
  process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM");
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  return new Promise((_resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      // The exit code of a shell whose command ended by a signal.
      process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
