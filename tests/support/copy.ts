import { cp, mkdir, mkdtemp, readdir, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What git ignores. A copy gets its own packages, and no key. */
const LEFT_OUT = /^(node_modules|\.git|\.netlify|dist|screenshots|\.env(\.(?!example).*)?)$/;

/** Copies the project to a temporary folder. A test may change its files. */
export async function copyProject(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "starter-"));
  await updateCopy(copy);
  await linkPackages(copy);
  return copy;
}

/** Copies the files that have changed since the copy was made. */
export async function updateCopy(copy: string): Promise<void> {
  await cp(ROOT, copy, {
    recursive: true,
    preserveTimestamps: true,
    filter: async (from, to) => !LEFT_OUT.test(basename(from)) && isNewer(from, to),
  });
}

async function isNewer(from: string, to: string): Promise<boolean> {
  const [source, target] = await Promise.all([stat(from), stat(to).catch(() => undefined)]);
  return source.isDirectory() || target === undefined || source.mtimeMs > target.mtimeMs;
}

/**
 * Links each package into a node_modules folder of the copy's own: Vite keeps its cache there, and
 * two servers must not share one.
 */
export async function linkPackages(folder: string): Promise<void> {
  const from = join(ROOT, "node_modules");
  const to = join(folder, "node_modules");
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (name.startsWith("@")) await linkAll(join(from, name), join(to, name));
    else if (!name.startsWith(".") || name === ".bin") await link(join(from, name), join(to, name));
  }
}

/** Links the packages of a scope. */
async function linkAll(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) await link(join(from, name), join(to, name));
}

function link(from: string, to: string): Promise<void> {
  return symlink(from, to, "junction");
}

/** Retries, because a server that was just stopped may still write a file. */
export async function removeCopy(copy: string): Promise<void> {
  await rm(copy, { recursive: true, force: true, maxRetries: 10 });
}
