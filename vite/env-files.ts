/** KEPT. Reads the `.env` files as `netlify dev` does: with its parser, in its order. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "dotenv";

/** The files that `netlify dev` reads. A variable of an earlier file wins. */
export const ENV_FILES = [".env.development.local", ".env.local", ".env.development", ".env"];

/** Returns the variables of all files in a folder. Throws if one of them is not in UTF-8. */
export function readEnvFiles(folder: string): Record<string, string> {
  const files = ENV_FILES.map((name) => readEnvFile(join(folder, name)));
  return Object.assign({}, ...files.reverse()) as Record<string, string>;
}

/** Returns the variables of one file, or none if there is no such file. */
export function readEnvFile(path: string): Record<string, string> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return {};
  const text = readFileSync(path, "utf8");
  // In UTF-16 there are zeros between the letters, and `netlify dev` then finds no variable.
  if (text.includes("\0")) {
    throw new Error(
      `${path} is not in UTF-8, so netlify dev cannot read it. Save it as UTF-8: in Notepad under "Save as → Encoding", or with PowerShell: (Get-Content .env) | Set-Content .env -Encoding utf8`,
    );
  }
  return parse(text);
}

/** Adds the variables of the files in this folder to `process.env`. The shell's variables win. */
export function loadEnvFiles(): void {
  for (const [name, value] of Object.entries(readEnvFiles("."))) process.env[name] ??= value;
}
