import { removeCopy } from "../../tests/support/copy.ts";
import { freePort, startProgram } from "../../tests/support/program.ts";
import type { Site } from "../../tests/support/stage.ts";

/** What Netlify's CLI says when it serves. */
const READY = "Local dev server ready";

/**
 * Runs a command that serves the site, on a free port, in a copy of the project: Netlify's CLI keeps
 * the functions that it built in the folder where it runs, so that two servers need two. The copy
 * goes with the server.
 */
export async function startSite(
  command: string,
  copy: string,
  env: { ABLY_API_KEY: string; NODE_ENV: string },
): Promise<Site> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  // Netlify's CLI looks for free ones before it builds, and takes them after: two servers that start
  // at once would find the same.
  const inner = `--functions-port ${await freePort()} --staticServerPort ${await freePort()}`;
  try {
    const program = await startProgram(`${command} --port ${port} ${inner}`, {
      cwd: copy,
      // The shell's variables beat any `.env`, and blank means none.
      env: { DEFAULT_CLIENT_ID: "", ...env },
      ready: READY,
    });
    return {
      ...program,
      url,
      async stop() {
        await program.stop().finally(() => removeCopy(copy));
      },
    };
  } catch (error) {
    await removeCopy(copy);
    throw error;
  }
}
