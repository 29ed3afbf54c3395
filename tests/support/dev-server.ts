import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyProject } from "./copy.ts";
import { freePort } from "./program.ts";
import { type Site, startSite } from "./site.ts";

/**
 * Runs `npm run dev` as a person would, on free ports.
 * @param settings Those of local Ably: see local-ably/settings.ts.
 * @param folder A copy of the test's own. It goes when the server stops.
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

/** As a person does who wants, say, a shorter connectionStateTtl than Ably's two minutes. */
async function giveLocalAbly(settings: Record<string, number>, config: string): Promise<void> {
  const before = await readFile(config, "utf8");
  const after = before.replace("localAbly()", `localAbly(${JSON.stringify(settings)})`);
  if (after === before) throw new Error(`No localAbly() in ${config}`);
  await writeFile(config, after);
}
