/** `npm run local-ably`: local Ably alone, for a client of your own. */
import "./env.ts";
import { readKeys } from "./keys.ts";
import { startLocalAbly } from "./server.ts";

const DEFAULT_PORT = 8889;

const { LOCAL_ABLY_PORT, LOCAL_ABLY_HOST, LOCAL_ABLY_KEYS } = process.env;
const port = Number(LOCAL_ABLY_PORT?.trim() || DEFAULT_PORT);
const host = LOCAL_ABLY_HOST?.trim() || "127.0.0.1";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(0));

try {
  if (!(port >= 0 && port < 65_536)) throw new Error("LOCAL_ABLY_PORT is not a port's number.");
  const keys = readKeys(LOCAL_ABLY_KEYS);
  const { url } = await startLocalAbly({ port, host, keys });
  const names = keys.map(({ name }) => name).join(", ");
  console.log(`Local Ably, in memory, for development: ${url} (keys: ${names})`);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const isTaken = code === "EADDRINUSE";
  const sentence = `Port ${port} is taken. Stop what uses it, or set LOCAL_ABLY_PORT to another.`;
  console.error(isTaken ? sentence : `Local Ably could not start: ${message}`);
  process.exitCode = 1;
}
