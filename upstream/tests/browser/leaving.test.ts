/** Who comes back was never gone, and a link that leads nowhere is no way to go. */
import { expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";

const stage = setStage();

it("is in the room again after a way back, with what was said meanwhile", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.open(), await stage.arrive(url)];
  await ada.page.addInitScript(() =>
    addEventListener("pageshow", ({ persisted }) => {
      document.documentElement.dataset.wasKept = String(persisted);
    }),
  );
  await ada.page.goto(url);
  await ada.connected();
  await ada.page.goto(stage.newRoom());
  await ada.connected();
  await ada.rename("Countess");
  await bob.say("meanwhile");
  // Playwright's own goBack awaits a load, and none comes.
  await ada.page.evaluate(() => history.back());
  await ada.page.locator("[data-was-kept=true]").waitFor();
  await ada.sees(ada.lines, ["meanwhile"]);
  await expect.poll(() => ada.name()).toBe("Countess");
  await ada.say("back again");
  await bob.sees(bob.lines, ["meanwhile", "back again"]);
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
  await ada.page.locator('.line[data-delivery="acknowledged"]').waitFor();
});

it("leaves at once when the tab is closed", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await expect.poll(() => bob.people.count()).toBe(2);
  await ada.page.close({ runBeforeUnload: true });
  // Ably would keep one who was lost for 15 seconds.
  await expect.poll(() => bob.people.count(), { timeout: 8_000 }).toBe(1);
});
