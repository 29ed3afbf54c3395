import { join } from "node:path";
import { readEnvFile } from "../../vite/env-files.ts";
import { ROOT } from "./copy.ts";

/** What the app reads: the variables of `.env.example`, and those that Netlify sets. */
const NAMES = [...Object.keys(readEnvFile(join(ROOT, ".env.example"))), "CONTEXT", "NETLIFY_DEV"];

/** Vite writes the first into the page. Local Ably reads the others. */
const PREFIXES = /^(VITE|LOCAL_ABLY)_/;

/** Removes the machine's variables that the app reads. A test sees only what it sets itself. */
export function clearEnvironment(env: NodeJS.ProcessEnv = process.env): void {
  for (const name of Object.keys(env)) {
    if (NAMES.includes(name) || PREFIXES.test(name)) Reflect.deleteProperty(env, name);
  }
}
