import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyProject, removeCopy } from "../project/copy.ts";
import { type Program, freePort, startProgram } from "../project/program.ts";

/** What Netlify's CLI says when it serves. */
export const READY = "Local dev server ready";

/** A site that runs on this machine, and a Chromium's options if it needs any to see it. */
export type Site = Program & { url: string; chromiumArgs?: string[] };

/**
 * Runs `npm run dev` as a person would, on free ports, in a copy of the project: Netlify's CLI keeps
 * the functions that it built in the folder where it runs, so that two servers need two.
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
  const [port, target] = [await freePort(), vitePort ?? (await freePort())];
  const options = `--port ${port} --target-port ${target} --command "vite --port ${target}"`;
  const program = await startProgram(`npm run dev -- ${options}`, {
    cwd,
    // The shell's variables beat any `.env`, and blank means none.
    env: { ABLY_API_KEY: key, DEFAULT_CLIENT_ID: "", NODE_ENV: "development" },
    ready: READY,
  });
  return {
    ...program,
    url: `http://localhost:${port}`,
    async stop() {
      await program.stop();
      await removeCopy(cwd);
    },
  };
}

/** As a person does who wants, say, a shorter connectionStateTtl than Ably's two minutes. */
async function giveLocalAbly(settings: Record<string, number>, config: string): Promise<void> {
  const before = await readFile(config, "utf8");
  const after = before.replace("localAbly()", `localAbly(${JSON.stringify(settings)})`);
  if (after === before) throw new Error(`No localAbly() in ${config}`);
  await writeFile(config, after);
}
