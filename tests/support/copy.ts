import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
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
 * two servers must not share one. In a workspace, npm installs packages in a folder above.
 */
export async function linkPackages(folder: string): Promise<void> {
  for (let above = ROOT; ; above = dirname(above)) {
    const from = join(above, "node_modules");
    if (existsSync(from)) await linkAll(from, join(folder, "node_modules"));
    if (above === dirname(above)) return;
  }
}

/** Links what is not linked yet. The folder of a scope gets a link for each of its packages. */
async function linkAll(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const names = (await readdir(from)).filter((name) => !name.startsWith(".") || name === ".bin");
  for (const name of names) {
    const [source, target] = [join(from, name), join(to, name)];
    if (name.startsWith("@")) await linkAll(source, target);
    else if (!existsSync(target)) await link(source, target);
  }
}

function link(from: string, to: string): Promise<void> {
  return symlink(from, to, "junction");
}

/** Retries, because a server that was just stopped may still write a file. */
export async function removeCopy(copy: string): Promise<void> {
  await rm(copy, { recursive: true, force: true, maxRetries: 10 });
}
