/** Who comes back was never gone, and a link that leads nowhere is no way to go. */
import { expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";
import type { Visitor } from "../../../tests/demo/visitor.ts";

const stage = setStage();

/** Opens a page that notes whether the browser has kept it. */
async function openNoting(): Promise<Visitor> {
  const visitor = await stage.open();
  await visitor.page.addInitScript(() =>
    addEventListener("pageshow", ({ persisted }) => {
      document.documentElement.dataset.wasKept = String(persisted);
    }),
  );
  return visitor;
}

async function goBack({ page }: Visitor): Promise<void> {
  // Playwright's own goBack awaits a load, and none comes.
  await page.evaluate(() => history.back());
  await page.locator("[data-was-kept=true]").waitFor();
}

it("is in the room again after a way back, with what was said meanwhile", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await openNoting(), await stage.arrive(url)];
  await ada.page.goto(url);
  await ada.connected();
  await ada.page.goto(stage.newRoom());
  await ada.connected();
  await ada.rename("Countess");
  await bob.say("meanwhile");
  await goBack(ada);
  await ada.sees(ada.lines, ["meanwhile"]);
  await expect.poll(() => ada.name()).toBe("Countess");
  await ada.say("back again");
  await bob.sees(bob.lines, ["meanwhile", "back again"]);
});

it("has in its box after a way back what the next page of the tab has left there", async () => {
  const url = stage.newRoom();
  const ada = await openNoting();
  const box = ada.page.locator("[data-text]");
  await ada.page.goto(url);
  await ada.connected();
  // Part of what loads last, which also follows the box.
  await ada.page.locator('[data-fact="roundTrip"]', { hasText: "ms" }).waitFor();
  await box.fill("sent by the next page");
  await ada.page.goto(`${url}&again`);
  await ada.connected();
  expect(await box.inputValue()).toBe("sent by the next page");
  await box.press("Enter");
  await ada.sees(ada.lines, ["sent by the next page"]);
  await goBack(ada);
  expect(await box.inputValue()).toBe("");
  await ada.sees(ada.lines, ["sent by the next page"]);
});

it("stays connected where a link leads to another program", async () => {
  const ada = await stage.arrive(stage.newRoom());
  await ada.page.evaluate(async () => {
    const link = Object.assign(document.createElement("a"), { href: "mailto:ada@example.com" });
    document.body.append(link);
    const isLeft = new Promise((resolve) => addEventListener("beforeunload", resolve));
    link.click();
    await isLeft;
  });
  await ada.say("still here");
  await ada.sees(ada.lines, ["still here"]);
  await ada.page.locator('.line[data-delivery="delivered"]').waitFor();
});

it("leaves at once when the tab is closed", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await expect.poll(() => bob.people.count()).toBe(2);
  await ada.page.close({ runBeforeUnload: true });
  // Ably would keep one who was lost for 15 seconds.
  await expect.poll(() => bob.people.count(), { timeout: 8_000 }).toBe(1);
});
