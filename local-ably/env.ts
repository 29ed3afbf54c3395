import { existsSync } from "node:fs";

/** The files that `netlify dev` reads. A variable of an earlier file, or of the shell, wins. */
const FILES = [".env.development.local", ".env.local", ".env.development", ".env"];
const ARE_READ = Symbol.for("local-ably: .env files are read");

/**
 * Reads them once in a process: Vite evaluates its config again when one of them changes, but the
 * function keeps the variables of the start.
 */
export function readEnvFiles(): void {
  if (ARE_READ in globalThis) return;
  Object.assign(globalThis, { [ARE_READ]: true });
  for (const file of FILES) if (existsSync(file)) process.loadEnvFile(file);
}
