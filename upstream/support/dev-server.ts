import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyProject } from "../../tests/support/copy.ts";
import { freePort } from "../../tests/support/program.ts";
import type { Site } from "../../tests/support/stage.ts";
import { startSite } from "./site.ts";

/**
 * Runs `npm run dev` on free ports.
 * @param settings Settings for local Ably, in place of its defaults.
 * @param folder A copy of the project. It is deleted when the server stops.
 */
export async function startDev({
  key = "",
  vitePort,
  folder,
  settings,
}: {
  key?: string;
  vitePort?: number;
  folder?: string;
  settings?: Record<string, number>;
} = {}): Promise<Site> {
  const cwd = folder ?? (await copyProject());
  if (settings) await giveLocalAbly(settings, join(cwd, "vite.config.ts"));
  const target = vitePort ?? (await freePort());
  const command = `npm run dev -- --target-port ${target} --command "vite --port ${target}"`;
  return startSite(command, cwd, { ABLY_API_KEY: key, NODE_ENV: "development" });
}

/** Writes the settings into the copy's Vite config, as a person would. */
async function giveLocalAbly(settings: Record<string, number>, config: string): Promise<void> {
  const before = await readFile(config, "utf8");
  const after = before.replace("localAbly()", `localAbly(${JSON.stringify(settings)})`);
  if (after === before) throw new Error(`No localAbly() in ${config}`);
  await writeFile(config, after);
}
