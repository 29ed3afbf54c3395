/** `npm run local-ably`: local Ably alone, or for as long as a command runs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { isAbsolute } from "node:path";
import { parseArgs } from "node:util";
import { loadEnvFiles } from "../vite/env-files.ts";
import { readKeys } from "./keys.ts";
import { startLocalAbly } from "./server.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const DEFAULT_PORT = 8889;
const DEFAULT_HOST = "127.0.0.1";
const HELP = `Usage: npm run local-ably -- [options] [-- command …]

Runs local Ably: Ably's protocol in memory, for development and tests. With a command, it runs the
command as soon as it is ready, and ends with the exit code of the command. The command has
ABLY_ENDPOINT, ABLY_PORT and ABLY_API_KEY in its environment.

  --port PORT        The port, 0 for a free one. Default: LOCAL_ABLY_PORT, or ${DEFAULT_PORT}.
  --host HOST        The address to listen on. Default: LOCAL_ABLY_HOST, or ${DEFAULT_HOST}.
  --allow-host NAME  A public host name of pages that may connect. Can be repeated.
  --json             Print { "url", "host", "port", "keys" } when it is ready.
  --help             Print this text.

The keys are in LOCAL_ABLY_KEYS. See local-ably/README.md.`;
const OPTIONS = {
  port: { type: "string" },
  host: { type: "string" },
  "allow-host": { type: "string", multiple: true },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.help) return console.log(HELP);
  loadEnvFiles();
  const { LOCAL_ABLY_PORT, LOCAL_ABLY_HOST, LOCAL_ABLY_KEYS } = process.env;
  const port = Number(values.port ?? (LOCAL_ABLY_PORT?.trim() || DEFAULT_PORT));
  const host = values.host ?? (LOCAL_ABLY_HOST?.trim() || DEFAULT_HOST);
  if (!(port >= 0 && port < 65_536)) throw new Error("--port or LOCAL_ABLY_PORT is not a port.");
  const keys = readKeys(LOCAL_ABLY_KEYS);
  const allowedHosts = values["allow-host"] ?? [];
  const { url, port: actual } = await startLocalAbly({ port, host, keys, allowedHosts });
  const names = keys.map(({ name }) => name);
  const ready = values.json
    ? JSON.stringify({ url, host, port: actual, keys: names })
    : `Local Ably, in memory, for development: ${url} (keys: ${names.join(", ")})`;
  if (positionals.length === 0) return console.log(ready);
  // stdout belongs to the command.
  console.error(ready);
  const [key = { name: "", secret: "" }] = keys;
  await runCommand(positionals, {
    ABLY_ENDPOINT: ["0.0.0.0", "::"].includes(host) ? "127.0.0.1" : new URL(url).hostname,
    ABLY_PORT: String(actual),
    ABLY_API_KEY: `${key.name}:${key.secret}`,
  });
}

async function runCommand([program = "", ...args]: string[], env: NodeJS.ProcessEnv) {
  // On Windows, npm's programs are scripts, which only a shell finds.
  const shell = process.platform === "win32" && !isAbsolute(program);
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, ...env }, shell });
  for (const one of SIGNALS) process.removeAllListeners(one).on(one, () => child.kill(one));
  await once(child, "exit");
  // Like a shell: 128 and the number of the signal that ended the command.
  const { exitCode, signalCode } = child;
  process.exit(exitCode ?? 128 + (signalCode ? constants.signals[signalCode] : 0));
}

for (const signal of SIGNALS) process.on(signal, () => process.exit(0));

run().catch((error: NodeJS.ErrnoException & { port?: number }) => {
  const isTaken = error.code === "EADDRINUSE";
  const sentence = `Port ${error.port} is already in use. Stop what uses it, or use another --port.`;
  console.error(isTaken ? sentence : `Local Ably could not start: ${error.message}`);
  process.exit(1);
});
