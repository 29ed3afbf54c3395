import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ROOT } from "../../tests/support/copy.ts";

/** A code block whose first line is a comment that names its file. */
export type Block = { section: string; language: string; path: string; code: string };

const FENCE = /^```(\w+)\n ?(?:\/\/|#|<!--) (\S+)(?: -->)?\n([^]*?)^```$/gm;

/** A heading starts with a capital letter. A comment in a block of shell or TOML does not. */
async function readSections(file: string): Promise<string[]> {
  const markdown = await readFile(join(ROOT, file), "utf8");
  return markdown.split(/^#{1,2} (?=[A-Z])/m);
}

/** The named code blocks of a Markdown file, in its order, each with the heading above it. */
export async function readBlocks(file: string): Promise<Block[]> {
  return (await readSections(file)).flatMap((text) => {
    const [section = ""] = text.split("\n", 1);
    return [...text.matchAll(FENCE)].map(([, language = "", path = "", code = ""]) => {
      return { section, language, path, code };
    });
  });
}

/** The blocks of shell commands of a Markdown text. */
export function shellBlocksOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
}

/** Returns the shell commands below a heading of a Markdown file. */
export async function readCommands(file: string, section: string): Promise<string[]> {
  const text = (await readSections(file)).find((part) => part.startsWith(`${section}\n`)) ?? "";
  const lines = shellBlocksOf(text).flatMap((block) => block.split("\n"));
  return lines.filter((line) => line !== "");
}

/** What a file becomes by a block in `diff`. Throws if its lines are not in the file just once. */
export function applyDiff(text: string, { path, code }: Block): string {
  const lines = code.trimEnd().split("\n");
  const side = (sign: string) =>
    lines.flatMap((line) => (line.startsWith(sign) ? [] : [line.slice(1)])).join("\n");
  const parts = text.split(side("+"));
  if (parts.length !== 2) {
    throw new Error(
      `${path} has these lines ${parts.length - 1} times:\n${side("+")}\n` +
        "Has it moved on from the recipe? Change that in docs/recipes/, or delete it there.",
    );
  }
  return parts.join(side("-"));
}

/** Writes what a block says into a folder: a whole file, or a change. */
export async function applyBlock(folder: string, block: Block): Promise<void> {
  const file = join(folder, block.path);
  await mkdir(dirname(file), { recursive: true });
  const isChange = block.language === "diff";
  await writeFile(file, isChange ? applyDiff(await readFile(file, "utf8"), block) : block.code);
}
