/** `npm run local-ably`: local Ably alone, or for the time that a command runs. */
import { parseArgs } from "node:util";
import { runCommand } from "./command.ts";
import { loadEnvFiles } from "./env.ts";
import { readKeys } from "./keys.ts";
import { startLocalAbly } from "./server.ts";

const DEFAULT_PORT = 8889;
const HELP = `Usage: npm run local-ably -- [options] [-- command …]

Runs local Ably, a server that speaks Ably's protocol in memory, for development and tests.
With a command, runs the command when the server is ready, and ends with its exit code. The command
gets ABLY_ENDPOINT, ABLY_PORT and ABLY_API_KEY in its environment.

Options:
  --port PORT  The port; 0 takes a free one. Default: LOCAL_ABLY_PORT, or ${DEFAULT_PORT}.
  --host HOST  The address to listen on. Default: LOCAL_ABLY_HOST, or 127.0.0.1.
  --json       Print the ready line as JSON: { "url", "host", "port", "keys" }.
  --help       Print this text.

Variables: LOCAL_ABLY_PORT, LOCAL_ABLY_HOST, LOCAL_ABLY_KEYS, LOCAL_ABLY_ALLOWED_HOSTS.
See local-ably/README.md.`;

/** A blank variable counts as not set. */
function read(name: string): string | undefined {
  return process.env[name]?.trim() || undefined;
}

async function run(): Promise<void> {
  const { values, positionals: command } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: "string" },
      host: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  loadEnvFiles();
  const port = Number(values.port ?? read("LOCAL_ABLY_PORT") ?? DEFAULT_PORT);
  const host = values.host ?? read("LOCAL_ABLY_HOST") ?? "127.0.0.1";
  if (!(port >= 0 && port < 65_536)) throw new Error("--port or LOCAL_ABLY_PORT is not a port.");
  const keys = readKeys(read("LOCAL_ABLY_KEYS"));
  const allowedHosts = read("LOCAL_ABLY_ALLOWED_HOSTS")?.split(/[\s,]+/) ?? [];
  const server = await startLocalAbly({ port, host, keys, allowedHosts });
  const names = keys.map(({ name }) => name);
  const ready = values.json
    ? JSON.stringify({ url: server.url, host, port: server.port, keys: names })
    : `Local Ably, in memory, for development: ${server.url} (keys: ${names.join(", ")})`;
  if (command.length === 0) console.log(ready);
  else await runCommand(command, { ready, host, port: server.port, keys });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));

run().catch((error: NodeJS.ErrnoException & { port?: number }) => {
  const isTaken = error.code === "EADDRINUSE";
  const sentence = `Port ${error.port} is already in use. Stop what uses it, or choose another with --port.`;
  console.error(isTaken ? sentence : `Local Ably could not start: ${error.message}`);
  process.exit(1);
});
