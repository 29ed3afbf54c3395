/** What README.md says a fork may delete. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT, copyProject } from "../../tests/support/copy.ts";

export type Row = {
  /** The paths that go. */
  paths: string[];
  /** The file that has one line about them, which goes too. */
  line: string | undefined;
  /** The packages that nothing needs any more. */
  packages: string[];
};

const ROW = /^\| (`[^|]+`) +\| ([^|]+) \| ([^|]*\bdelete\b[^|]*) \|$/gm;

/** Reads the rows of README.md's table that say "delete". */
export async function readRows(): Promise<Row[]> {
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  return [...readme.matchAll(ROW)].map(([, where = "", , what = ""]) => {
    const line = /line in `([^`]+)`/.exec(what)?.[1];
    const packages = /`npm uninstall ([^`]+)`/.exec(what)?.[1]?.split(" ") ?? [];
    const paths = [...where.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path.replace(/\/$/, ""));
    return { paths, line, packages };
  });
}

export async function findRow(path: string): Promise<Row> {
  const row = (await readRows()).find(({ paths }) => paths.includes(path));
  if (!row) throw new Error(`README.md has no row that says to delete ${path}.`);
  return row;
}

/** Deletes what a row names and an earlier row has not deleted, in a copy of the project. */
export async function deleteRow(copy: string, { paths, line, packages }: Row): Promise<void> {
  for (const path of paths) await rm(join(copy, path), { recursive: true, force: true });
  if (line !== undefined) await deleteLine(join(copy, line), paths);
  await uninstall(copy, packages);
}

/** Deletes the one line that names one of the paths. */
async function deleteLine(file: string, paths: string[]): Promise<void> {
  const lines = (await readFile(file, "utf8")).split("\n");
  const kept = lines.filter((line) => !paths.some((path) => line.includes(`/${path}`)));
  if (kept.length !== lines.length - 1) {
    throw new Error(`Expected one line of ${file} to name ${paths.join(" or ")}.`);
  }
  await writeFile(file, kept.join("\n"));
}

/** Does what `npm uninstall` does, in a copy whose packages are links. */
async function uninstall(copy: string, packages: string[]): Promise<void> {
  const file = join(copy, "package.json");
  const manifest = JSON.parse(await readFile(file, "utf8")) as Record<string, object>;
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
  await deleteRow(copy, await findRow("src/demo"));
  await emptyBody(copy);
  return copy;
}

/** Empties the body of the copy's index.html. */
export async function emptyBody(copy: string): Promise<void> {
  const page = join(copy, "index.html");
  const html = await readFile(page, "utf8");
  await writeFile(page, html.replace(/(<body>)[^]*(?=<\/body>)/, "$1"));
}

/** Returns the code that README.md gives in place of the demo. */
export async function readStarter(): Promise<string> {
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const code = /```ts\n\/\/ src\/main\.ts\n([^]*?)```/.exec(readme)?.[1];
  if (!code) throw new Error("README.md has no code for src/main.ts.");
  return code;
}
