import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const run = promisify(execFile);

/** Every file of the project as git would give it, from the root, with slashes. */
export async function listFiles(): Promise<string[]> {
  const options = ["ls-files", "-co", "--exclude-standard", "-z"];
  const { stdout } = await run("git", options, { cwd: ROOT });
  return stdout.split("\0").filter((path) => path && existsSync(join(ROOT, path)));
}

/** A copy of the project as git would give it, in an empty folder, whose files a test may change. */
export async function copyProject(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "starter-"));
  for (const path of await listFiles()) await cp(join(ROOT, path), join(copy, path));
  await linkPackages(copy);
  return copy;
}

/** A copy without the demo, as README.md says to begin. `src/main.ts` is still to be replaced. */
export async function copyBareProject(): Promise<string> {
  const copy = await copyProject();
  for (const path of ["src/demo", "tests/demo", "src/style.css"]) {
    await rm(join(copy, path), { recursive: true });
  }
  const page = join(copy, "index.html");
  const html = await readFile(page, "utf8");
  const bare = html
    .replace(/^.*"\/src\/style\.css".*\n/m, "")
    .replace(/(<body>)[^]*(?=<\/body>)/, "$1");
  await writeFile(page, bare);
  return copy;
}

/** As README.md says, in a copy: the folder, and its line. */
export async function deleteLocalAbly(copy: string): Promise<void> {
  await rm(join(copy, "local-ably"), { recursive: true });
  const config = join(copy, "vite.config.ts");
  const lines = (await readFile(config, "utf8")).split("\n");
  const kept = lines.filter((line) => !line.includes("./local-ably/"));
  if (kept.length !== lines.length - 1) throw new Error("It is not one line of vite.config.ts.");
  await writeFile(config, kept.join("\n"));
}

/**
 * Gives a folder the packages of the project, each as a link, in a node_modules of its own: Vite
 * keeps its cache there, and two servers must not share one.
 */
export async function linkPackages(folder: string): Promise<void> {
  const from = join(ROOT, "node_modules");
  const to = join(folder, "node_modules");
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (!name.startsWith(".") || name === ".bin") {
      await symlink(join(from, name), join(to, name), "junction");
    }
  }
}

/** What a server of the copy still writes at its end is awaited. */
export async function removeCopy(copy: string): Promise<void> {
  await rm(copy, { recursive: true, force: true, maxRetries: 10 });
}

/** Runs a program out of node_modules in such a copy, as a production build would be. */
export function runIn(copy: string, program: string, ...args: string[]) {
  const env = { ...process.env, ABLY_API_KEY: "", NODE_ENV: "production" };
  return run(process.execPath, [join(ROOT, "node_modules", program), ...args], { cwd: copy, env });
}
