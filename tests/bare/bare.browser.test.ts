/** The kept code in a browser, on the smallest page that uses it. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { type Stage, Stage as PageStage, prepare } from "../support/stage.ts";

const stage: Stage<{ url: string }> = prepare(new PageStage<{ url: string }>());

async function openBare(page: Page): Promise<Page> {
  await page.goto(`${stage.site.url}/tests/bare/index.html`);
  return page;
}

const texts = (page: Page) => page.locator("p").allInnerTexts();

it("connects two pages, which see each other's messages and keep them over a reload", async () => {
  const [ada, bob] = await Promise.all([
    stage.openPage().then(openBare),
    stage.openPage().then(openBare),
  ]);
  for (const page of [ada, bob]) await expect.poll(() => page.title()).toBe("2 here");
  await ada.click("html");
  const line = /^guest-[0-9a-f]{12}: \{"text":"hi"\}$/;
  for (const page of [ada, bob]) {
    await expect.poll(async () => (await texts(page)).at(-1)).toMatch(line);
  }
  await bob.reload();
  await expect.poll(async () => (await texts(bob)).at(-1)).toMatch(line);
  await bob.close({ runBeforeUnload: true });
  await expect.poll(() => ada.title()).toBe("1 here");
  expect([...stage.complaints.values()].flat()).toEqual([]);
});

it("says what is wrong, and recovers by itself", async () => {
  const page = await stage.openPage();
  const error = { code: 40106, statusCode: 500, message: "This site has no ABLY_API_KEY yet." };
  const answer = { status: 500, json: { error }, headers: { "x-ably-errorcode": "40106" } };
  await page.route("**/ably-token-request*", (route) => route.fulfill(answer));
  await openBare(page);
  const words = `One step left: your Ably key: ${error.message}`;
  await expect.poll(() => texts(page)).toContain(words);
  await page.unroute("**/ably-token-request*");
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect.poll(() => page.title()).toBe("1 here");
  expect(await texts(page)).not.toContain(words);
});
