import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
  chromium,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, inject } from "vitest";
import { launchChromium } from "./chromium.ts";
import type { Program } from "./program.ts";

/** A site that runs on this machine, and a Chromium's options if it needs any to see it. */
export type Site = Program & { url: string; chromiumArgs?: string[] };

/** What shared.ts starts. */
declare module "vitest" {
  interface ProvidedContext {
    siteUrl: string;
    browserUrl: string;
  }
}

/** What a file of browser tests uses: a site, a browser, and the pages of the current test. */
export class Stage<ThisSite extends { url: string } = Site> {
  site!: ThisSite;
  browser!: Browser;
  /** What went wrong on the pages: errors and warnings of their consoles. */
  readonly complaints = new Map<Page, string[]>();

  /** Opens a blank page of a browser of its own, for one person. */
  async openPage(options?: BrowserContextOptions): Promise<Page> {
    const context = await this.browser.newContext(options);
    return this.watch(await context.newPage());
  }

  /** Keeps what goes wrong on a page, and closes it after the test. */
  watch(page: Page): Page {
    const complaints: string[] = [];
    this.complaints.set(page, complaints);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (/^(error|warning)$/.test(message.type())) complaints.push(message.text());
    });
    return page;
  }
}

/**
 * Closes the page as a person does, so that it says goodbye to Ably. What ably-js logs from then on
 * (an answer that it no longer waits for, say) is no complaint.
 */
export async function goAway(page: Page): Promise<void> {
  if (!page.isClosed()) await closeAll(page.context());
}

async function closeAll(context: BrowserContext): Promise<void> {
  for (const page of context.pages()) {
    page.removeAllListeners("console");
    const closed = page.waitForEvent("close");
    // Rejects if the test has closed it, and it goes right now.
    await page.close({ runBeforeUnload: true }).catch(() => {});
    await closed;
  }
  await context.close();
}

/**
 * Prepares a stage for all tests of a file, and closes its pages after each test.
 * @param start Starts a site for this file alone. Without it, the file uses the shared one.
 */
export function prepare<ThisStage extends Stage<{ url: string }>>(
  stage: ThisStage,
  start?: () => Promise<Site>,
): ThisStage {
  let ownSite: Site | undefined;
  beforeAll(async () => {
    ownSite = await start?.();
    stage.site = ownSite ?? { url: inject("siteUrl") };
    const args = ownSite?.chromiumArgs;
    stage.browser = args
      ? await launchChromium(args)
      : await chromium.connect(inject("browserUrl"));
  });
  afterEach(async () => {
    const open = [...stage.complaints.keys()].filter((page) => !page.isClosed());
    // Several pages may share a context.
    await Promise.all([...new Set(open.map((page) => page.context()))].map(closeAll));
    stage.complaints.clear();
  });
  afterAll(async () => {
    await stage.browser?.close();
    await ownSite?.stop();
  });
  return stage;
}
