import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const run = promisify(execFile);

/** A file of the bench, by its path in this folder. */
export function inBench(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
