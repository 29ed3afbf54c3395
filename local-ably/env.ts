import { existsSync } from "node:fs";

/** The files that `netlify dev` reads. A variable of an earlier file, or of the shell, wins. */
const FILES = [".env.development.local", ".env.local", ".env.development", ".env"];

/**
 * Reads them once in a process: Vite evaluates its config again when one of them changes, but the
 * function goes on with the variables of the start.
 */
export function loadEnvFiles(): void {
  const { pid, env } = process;
  if (env.LOCAL_ABLY_ENV_READ_BY === String(pid)) return;
  env.LOCAL_ABLY_ENV_READ_BY = String(pid);
  for (const file of FILES) if (existsSync(file)) process.loadEnvFile(file);
}
