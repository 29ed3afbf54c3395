/** Starts what all browser tests share: one `npm run dev` and one Chromium. Vitest calls it once. */
import type { TestProject } from "vitest/node";
import { launchSharedChromium } from "./chromium.ts";
import { copyProject, updateCopy } from "./copy.ts";
import { startDev } from "./dev-server.ts";

export default async function startShared(project: TestProject): Promise<() => Promise<void>> {
  const folder = await copyProject();
  const [site, browser] = await Promise.all([startDev({ folder }), launchSharedChromium()]);
  project.provide("siteUrl", site.url);
  project.provide("browserUrl", browser.wsEndpoint());
  project.onTestsRerun(() => updateCopy(folder));
  return async () => {
    await browser.close();
    await site.stop();
  };
}
