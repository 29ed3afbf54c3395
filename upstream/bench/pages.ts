import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type File, bundle } from "../support/bundle.ts";
import { ROOT } from "../../tests/support/copy.ts";

export function buildOurs(): Promise<File[]> {
  return bundle(ROOT);
}

/** The tutorial's page: all of `ably`, and the obvious order. */
export function buildTutorial(): Promise<File[]> {
  return buildAlone(join(ROOT, "upstream/bench/reference/tutorial-page.ts"));
}

/** A page with one script, which does nothing: the floor. */
export function buildEmpty(): Promise<File[]> {
  return buildAlone(join(ROOT, "upstream/bench/reference/empty-page.ts"));
}

/** Builds a page in a folder of its own, with the defaults of Vite. */
async function buildAlone(script: string): Promise<File[]> {
  const root = await mkdtemp(join(tmpdir(), "bench-page-"));
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title><link rel="icon" href="data:,"><script type="module" src="${script}"></script></head><body></body></html>`;
  await writeFile(join(root, "index.html"), html);
  try {
    return await bundle(root);
  } finally {
    await rm(root, { recursive: true });
  }
}
