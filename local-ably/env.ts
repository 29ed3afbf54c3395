import { existsSync } from "node:fs";

/** The files that `netlify dev` reads. A variable of an earlier file, or of the shell, wins. */
const FILES = [".env.development.local", ".env.local", ".env.development", ".env"];

/** Reads them, for a program that runs without `netlify dev`. */
export function readEnvFiles(): void {
  for (const file of FILES) if (existsSync(file)) process.loadEnvFile(file);
}
