import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, rename, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../tests/support/copy.ts";

export const run = promisify(execFile);

/** Lists every file that git tracks or would track, relative to the root, with slashes. */
export async function listFiles(): Promise<string[]> {
  const options = ["ls-files", "-co", "--exclude-standard", "-z"];
  const { stdout } = await run("git", options, { cwd: ROOT });
  return stdout.split("\0").filter((path) => path && existsSync(join(ROOT, path)));
}

/** Lists the text files of a copy of the project, without its packages and what was built. */
export async function listFilesOf(copy: string): Promise<string[]> {
  const entries = await readdir(copy, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => relative(copy, join(parentPath, name)))
    .filter((path) => !/node_modules|^(dist|\.netlify|\.git)\/|\.png$/.test(path));
}

/** Runs a program from node_modules in a copy of the project, with the environment of a production build. */
export function runIn(copy: string, program: string, ...args: string[]) {
  const env = { ...process.env, ABLY_API_KEY: "", NODE_ENV: "production" };
  return run(process.execPath, [join(ROOT, "node_modules", program), ...args], { cwd: copy, env });
}

/**
 * Changes a file that Vite watches, in one step. `writeFile` empties the file first, and Vite could
 * read that.
 */
export async function saveFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}~`, text);
  await rename(`${path}~`, path);
}
