/** Starts what all browser tests share: one `npm run dev` and one Chromium. Vitest calls it once. */
import type { TestProject } from "vitest/node";
import { launchSharedChromium } from "./chromium.ts";
import { copyProject, updateCopy } from "./copy.ts";
import { startDev } from "./dev-server.ts";
import { clearEnvironment } from "./environment.ts";
import { freePort } from "./program.ts";

export default async function startShared(project: TestProject): Promise<() => Promise<void>> {
  clearEnvironment();
  const folder = await copyProject();
  const vite = "vite --config tests/support/vite.config.ts";
  const vitePort = await freePort();
  const browser = await launchSharedChromium();
  const site = await startDev({ folder, vite, vitePort }).catch(async (error: unknown) => {
    await browser.close();
    throw error;
  });
  project.provide("netlifyUrl", site.url);
  project.provide("siteUrl", `http://localhost:${vitePort}`);
  project.provide("browserUrl", browser.wsEndpoint());
  project.onTestsRerun(() => updateCopy(folder));
  return async () => {
    await browser.close();
    await site.stop();
  };
}
