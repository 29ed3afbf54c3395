/** Starts what all browser tests share: one site and one Chromium. Vitest calls it once. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { launchSharedChromium } from "./chromium.ts";
import { copyProject, removeCopy, updateCopy } from "./copy.ts";
import { clearEnvironment } from "./environment.ts";
import { freePort, startProgram } from "./program.ts";

/** Lets everyone in, with any identify.ts and permit.ts of your own. */
async function openToAll(folder: string): Promise<void> {
  const functionFolder = join(folder, "netlify/functions/ably-token-request");
  for (const name of ["identify", "permit"]) {
    const code = `export * from "../../../tests/support/open-to-all.ts";\n`;
    await writeFile(join(functionFolder, `${name}.ts`), code);
  }
}

export default async function startShared(project: TestProject): Promise<() => Promise<void>> {
  clearEnvironment();
  const folder = await copyProject();
  await openToAll(folder);
  const port = await freePort();
  const siteUrl = `http://localhost:${port}`;
  const browser = await launchSharedChromium();
  const site = await startProgram(`npx vite --config tests/support/vite.config.ts --port ${port}`, {
    cwd: folder,
    // As `netlify dev` does, for the functions.
    env: { NETLIFY_DEV: "true", NODE_ENV: "development", URL: siteUrl },
    ready: "ready in",
  }).catch(async (error: unknown) => {
    await browser.close();
    await removeCopy(folder);
    throw error;
  });
  project.provide("siteUrl", siteUrl);
  project.provide("browserUrl", browser.wsEndpoint());
  project.onTestsRerun(async () => {
    await updateCopy(folder);
    await openToAll(folder);
  });
  return async () => {
    await browser.close();
    await site.stop().finally(() => removeCopy(folder));
  };
}
