/** `npm run local-ably`: local Ably alone, for a client of your own. */
import "dotenv/config";
import { readKeys } from "./keys.ts";
import { startLocalAbly } from "./server.ts";

const DEFAULT_PORT = 8889;

const { LOCAL_ABLY_PORT, LOCAL_ABLY_HOST, LOCAL_ABLY_KEYS } = process.env;
const port = LOCAL_ABLY_PORT?.trim() ? Number(LOCAL_ABLY_PORT) : DEFAULT_PORT;
const host = LOCAL_ABLY_HOST?.trim() || "127.0.0.1";

try {
  const keys = readKeys(LOCAL_ABLY_KEYS);
  const { url } = await startLocalAbly({ port, host, keys });
  console.log(`Local Ably, in memory, for development: ${url} (keys: ${namesOf(keys)})`);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));

function namesOf(keys: { name: string }[]): string {
  return keys.map(({ name }) => name).join(", ");
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") {
    return `Port ${port} is taken. Stop what uses it, or set LOCAL_ABLY_PORT to another.`;
  }
  return `Local Ably could not start: ${message}`;
}
