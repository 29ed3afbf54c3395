import { brotliCompressSync } from "node:zlib";
import { type Rolldown, build } from "vite";

export type File = Rolldown.OutputChunk | Rolldown.OutputAsset;

/** What `vite build` makes of a folder, in memory. */
export async function bundle(root: string): Promise<File[]> {
  const options = { root, logLevel: "error", build: { write: false } } as const;
  const { output } = (await build(options)) as Rolldown.RolldownOutput;
  return output;
}

/** Of what was built: index.html and what it names. */
export function firstLoad(files: File[]): File[] {
  const html = String(files.filter(({ fileName }) => fileName === "index.html").map(textOf));
  return files.filter(({ fileName }) => `/index.html ${html}`.includes(`/${fileName}`));
}

/** The scripts that the first one imports by itself. */
export function secondLoad(files: File[]): File[] {
  const imported = firstLoad(files).flatMap((file) =>
    file.type === "chunk" ? file.dynamicImports : [],
  );
  return files.filter(({ fileName }) => imported.includes(fileName));
}

export function textOf(file: File): string {
  return file.type === "chunk" ? file.code : String(file.source);
}

/** As a CDN sends it: packed by brotli at its best, which is Node's default. */
export function pack(text: string): Buffer {
  return brotliCompressSync(text);
}

/** What files of a kind weigh together, packed, in bytes. */
export function weigh(files: File[], kind: string): number {
  return files
    .filter(({ fileName }) => fileName.endsWith(`.${kind}`))
    .reduce((sum, file) => sum + weightOf(file), 0);
}

/** Without the hashes in the names of other files: another hash may change it by 100 bytes. */
export function weightOf(file: File): number {
  return pack(textOf(file).replaceAll(/-[\w-]{8}(?=\.js)/g, "-hash")).length;
}
