/** Follows the recipes of docs/recipes/ in a copy of the project. */
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ROOT, removeCopy } from "../../tests/support/copy.ts";
import { check } from "./check.ts";
import { type Block, applyBlock, readBlocks, readCommands } from "./markdown.ts";

const RECIPES = "docs/recipes";

const files = (await readdir(join(ROOT, RECIPES))).map((name) => `${RECIPES}/${name}`);

export const blocks = (await Promise.all(files.map(readBlocks))).flat();

export function blocksOf(section: string): Block[] {
  return blocks.filter((block) => block.section === section);
}

/** Returns the block of a section that is about a file. */
export function findBlock(section: string, path: string): Block {
  const block = blocksOf(section).find((each) => each.path === path);
  if (!block) throw new Error(`The recipe "${section}" has no block for ${path}.`);
  return block;
}

/** Returns the shell commands of a recipe. */
export async function commandsOf(section: string): Promise<string[]> {
  return (await Promise.all(files.map((file) => readCommands(file, section)))).flat();
}

/** Runs the commands of a recipe, and then applies its blocks. */
export async function followRecipe(copy: string, section: string): Promise<void> {
  await runCommands(copy, section);
  for (const block of blocksOf(section)) await applyBlock(copy, block);
}

/** Runs the commands of a recipe: `npm install`, `mv` and `rm`. */
export async function runCommands(copy: string, section: string): Promise<void> {
  for (const command of await commandsOf(section)) {
    const [program = "", ...words] = command.split(" ");
    const args = words.filter((word) => !word.startsWith("-"));
    const [from = "", to = ""] = args;
    if (program === "npm") await install(copy, args.slice(1));
    else if (program === "mv") await rename(join(copy, from), join(copy, to));
    else if (program === "rm") await rm(join(copy, from));
    else throw new Error(`The tests cannot run "${command}".`);
  }
}

/** Does what `npm install` does, in a copy whose packages are links. */
export async function install(copy: string, names: string[]): Promise<void> {
  const file = join(copy, "package.json");
  const manifest = JSON.parse(await readFile(file, "utf8")) as Record<string, object>;
  for (const name of names) {
    const link = join(copy, "node_modules", name);
    const folder = join(ROOT, "upstream/node_modules", name);
    if (existsSync(link)) continue;
    await mkdir(dirname(link), { recursive: true });
    await symlink(folder, link, "junction");
    manifest.dependencies = { ...manifest.dependencies, [name]: "*" };
  }
  // The formatter sorts them, as npm does.
  manifest.dependencies = Object.fromEntries(Object.entries(manifest.dependencies ?? {}).sort());
  await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** How long `checkRecipe` may take on a busy machine. */
export const CHECK_TIMEOUT_MS = 240_000;

/** Runs the app's gate in a copy, and removes the copy. */
export async function checkRecipe(copy: string): Promise<void> {
  await check(copy);
  await removeCopy(copy);
}
