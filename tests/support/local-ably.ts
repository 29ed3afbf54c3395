import { ROOT } from "./copy.ts";
import { type Program, startProgram } from "./program.ts";

type Key = { name: string; secret: string; capability?: Record<string, string[]> };

/** `npm run local-ably`, with these keys and no other. */
export function startLocalAbly(port: number, keys: Key[]): Promise<Program> {
  const env = {
    LOCAL_ABLY_PORT: `${port}`,
    LOCAL_ABLY_HOST: "",
    LOCAL_ABLY_KEYS: JSON.stringify(keys),
  };
  return startProgram("npm run local-ably", { cwd: ROOT, env, ready: "Local Ably, in memory" });
}
