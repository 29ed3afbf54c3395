/** What README.md says a fork may delete, and how. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT, copyProject } from "../../tests/support/copy.ts";
import { run } from "./files.ts";
import { readBlocks, shellBlocksOf } from "./markdown.ts";

/** One `rm -rf` of README.md, and the commands that follow it. */
export type Part = {
  /** The paths that go, with the one that names the part first. */
  paths: string[];
  /** The packages that nothing needs any more. */
  packages: string[];
  scripts: string[];
};

async function readShellBlocks(): Promise<string[]> {
  return shellBlocksOf(await readFile(join(ROOT, "README.md"), "utf8"));
}

/** Returns the words after a command. */
function wordsAfter(command: string, commands: string): string[] {
  const line = commands.split("\n").find((each) => each.startsWith(command)) ?? "";
  return line.slice(command.length).split(" ").filter(Boolean);
}

/** Reads the commands of README.md that delete something. */
export async function readParts(): Promise<Part[]> {
  const blocks = await readShellBlocks();
  const parts = blocks.flatMap((block) => block.split(/^(?=rm -rf )/m));
  return parts
    .filter((part) => part.startsWith("rm -rf "))
    .map((part) => ({
      paths: wordsAfter("rm -rf ", part),
      packages: wordsAfter("npm uninstall ", part),
      scripts: wordsAfter("npm pkg delete ", part).map((each) => each.replace("scripts.", "")),
    }));
}

export async function findPart(path: string): Promise<Part> {
  const part = (await readParts()).find(({ paths }) => paths.includes(path));
  if (!part) throw new Error(`README.md has no command that deletes ${path}.`);
  return part;
}

/** Runs the commands of a part in a copy, and then those that clean up. */
export async function deletePart(copy: string, part: Part): Promise<void> {
  for (const path of part.paths) await rm(join(copy, path), { recursive: true, force: true });
  await uninstall(copy, part);
  await cleanUp(copy);
}

/** Runs the last commands of README.md, as they stand there. */
async function cleanUp(copy: string): Promise<void> {
  const block = (await readShellBlocks()).at(-1);
  if (!block?.startsWith("for ")) throw new Error("README.md has no block that cleans up.");
  await run("bash", ["-c", block], { cwd: copy });
}

/** Does what `npm uninstall` and `npm pkg delete` do, in a copy whose packages are links. */
async function uninstall(copy: string, { packages, scripts }: Part): Promise<void> {
  const file = join(copy, "package.json");
  const manifest = JSON.parse(await readFile(file, "utf8")) as Record<string, object>;
  for (const name of scripts) Reflect.deleteProperty(manifest.scripts ?? {}, name);
  for (const name of packages) {
    const field = ["dependencies", "devDependencies"].find(
      (each) => name in (manifest[each] ?? {}),
    );
    if (!field) throw new Error(`package.json does not have ${name}.`);
    Reflect.deleteProperty(manifest[field] ?? {}, name);
    await rm(join(copy, "node_modules", name), { recursive: true });
  }
  await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Copies the project without its demo. `src/main.ts` is still to be replaced. */
export async function copyBareProject(): Promise<string> {
  const copy = await copyProject();
  await deletePart(copy, await findPart("src/demo"));
  await emptyBody(copy);
  return copy;
}

/** Empties the body of the copy's index.html, and deletes its stylesheet. */
export async function emptyBody(copy: string): Promise<void> {
  const page = join(copy, "index.html");
  const html = await readFile(page, "utf8");
  const bare = html.replace(/(<body>)[^]*(?=<\/body>)/, "$1");
  await writeFile(page, bare.replace(/ *<link rel="stylesheet"[^>]*>\n/, ""));
}

/** Returns the code of the recipe for an empty page, in place of the demo. */
export async function readStarter(): Promise<string> {
  const recipe = "docs/recipes/empty-page.md";
  const block = (await readBlocks(recipe)).find(({ path }) => path === "src/main.ts");
  if (!block) throw new Error(`${recipe} has no code for src/main.ts.`);
  return block.code;
}
