import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { type InlineConfig, type Rolldown, build } from "vite";
import { ROOT } from "../tests/project/copy.ts";

/** A built page, as a CDN keeps it: path → what is sent, packed by brotli. */
export type Page = Map<string, { type: string; text: string; body: Buffer }>;

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

export function buildOurs(): Promise<Page> {
  return pack({ root: ROOT });
}

/** The tutorial's page: all of `ably`, and the obvious order. */
export function buildTutorial(): Promise<Page> {
  return buildAlone(join(ROOT, "bench/reference/tutorial-page.ts"));
}

/** A page with one script, which does nothing: the floor. */
export function buildEmpty(): Promise<Page> {
  return buildAlone(join(ROOT, "bench/reference/empty-page.ts"));
}

/** In a folder of its own, with what Vite does unasked. */
async function buildAlone(script: string): Promise<Page> {
  const root = await mkdtemp(join(tmpdir(), "bench-page-"));
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title><link rel="icon" href="data:,"><script type="module" src="${script}"></script></head><body></body></html>`;
  await writeFile(join(root, "index.html"), html);
  try {
    return await pack({ root, configFile: false });
  } finally {
    await rm(root, { recursive: true });
  }
}

async function pack(config: InlineConfig): Promise<Page> {
  const { output } = (await build({
    logLevel: "error",
    ...config,
    build: { write: false },
  })) as Rolldown.RolldownOutput;
  return new Map(
    output.map((file) => {
      const text = file.type === "chunk" ? file.code : String(file.source);
      const type = TYPES[file.fileName.replace(/.*\./, "")] ?? "application/octet-stream";
      return [`/${file.fileName}`, { type, text, body: brotliCompressSync(text) }];
    }),
  );
}
