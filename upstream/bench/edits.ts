import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { findChromium, launchChromium } from "../../tests/support/chromium.ts";
import { copyProject } from "../../tests/support/copy.ts";
import { startDev } from "../support/dev-server.ts";
import { saveFile } from "../support/files.ts";
import type { Figure } from "./figure.ts";

const RUNS = 7;
const POLL_MS = 20;
const PATIENCE_MS = 30_000;
const FUNCTION = "/.netlify/functions/ably-token-request";

/** The edit loop under `npm run dev`: from saving a file until its effect. About 40 s. */
export async function measureEdits(): Promise<Figure[]> {
  if (!findChromium()) return [];
  const folder = await copyProject();
  const site = await startDev({ folder });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(site.url);
    await page.locator("[data-status]", { hasText: /^Connected$/ }).waitFor();
    const [style, script, answer]: [number[], number[], number[]] = [[], [], []];
    for (let run = 0; run < RUNS; run += 1) {
      style.push(await timeStyle(page, folder, run));
      script.push(await timeScript(page, folder, run));
      answer.push(await timeFunction(site.url, folder, run));
    }
    const ms = (what: string, ours: number[]): Figure => ({ what, unit: "ms", ours });
    return [
      ms("Saving src/style.css until the page shows it", style),
      ms("Saving a view of the page until it runs, connected again", script),
      ms("Saving the function until it answers with the change", answer),
    ];
  } finally {
    await browser.close();
    await site.stop();
  }
}

async function edit(file: string, change: (text: string) => string): Promise<number> {
  const text = await readFile(file, "utf8");
  const startedAt = performance.now();
  await saveFile(file, change(text));
  return startedAt;
}

async function timeStyle(page: Page, folder: string, run: number): Promise<number> {
  const startedAt = await edit(
    join(folder, "src/style.css"),
    (text) => `${text}\n:root { --edit: ${run}; }\n`,
  );
  await page.waitForFunction((value) => {
    return getComputedStyle(document.documentElement).getPropertyValue("--edit").trim() === value;
  }, String(run));
  return performance.now() - startedAt;
}

async function timeScript(page: Page, folder: string, run: number): Promise<number> {
  const startedAt = await edit(
    join(folder, "src/demo/view/status.ts"),
    (text) => `${text}\ndocument.documentElement.lang = "en-x-${run}";\n`,
  );
  await page.locator(`html[lang="en-x-${run}"]`).waitFor();
  await page.locator("[data-status]", { hasText: /^Connected$/ }).waitFor();
  return performance.now() - startedAt;
}

/** The fallback of identify.ts changes, and so does the client ID that the function signs for. */
async function timeFunction(url: string, folder: string, run: number): Promise<number> {
  const startedAt = await edit(
    join(folder, "netlify/functions/ably-token-request/identify.ts"),
    (text) => text.replace(/"NO_CLIENT_ID.*?"/, `"NO_CLIENT_ID-${run}"`),
  );
  while (!(await signsFor(`NO_CLIENT_ID-${run}`, url + FUNCTION))) {
    if (performance.now() - startedAt > PATIENCE_MS) {
      throw new Error("The function did not change.");
    }
    await sleep(POLL_MS);
  }
  return performance.now() - startedAt;
}

/** Reports whether the function signs for a client ID. Between two builds it may answer an error. */
export async function signsFor(clientId: string, url: string): Promise<boolean> {
  try {
    const tokenRequest = (await (await fetch(url)).json()) as { clientId: string };
    return tokenRequest.clientId === clientId;
  } catch {
    return false;
  }
}
