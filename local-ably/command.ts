import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Key } from "./auth.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type Server = { ready: string; host: string; port: number; keys: Key[] };

/** Runs a command beside the server, and ends the process as the command ends. */
export function runCommand([program = "", ...args]: string[], server: Server): Promise<never> {
  const [key = { name: "", secret: "" }] = server.keys;
  const env = {
    ...process.env,
    ABLY_ENDPOINT: ["0.0.0.0", "::"].includes(server.host) ? "127.0.0.1" : server.host,
    ABLY_PORT: String(server.port),
    ABLY_API_KEY: `${key.name}:${key.secret}`,
  };
  // stdout belongs to the command.
  console.error(server.ready);
  const child = spawn(program, args, { stdio: "inherit", env });
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal).on(signal, () => child.kill(signal));
  }
  return new Promise((_resolve, reject) => {
    child.on("error", reject);
    // Like a shell: 128 and the number of the signal that ended the command.
    child.on("exit", (code, signal) => {
      process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
