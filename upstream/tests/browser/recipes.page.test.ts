/** The recipe for reactions and edits on the page that comes with the template. */
import { expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";
import type { Visitor } from "../../../tests/demo/visitor.ts";
import { copyProject } from "../../../tests/support/copy.ts";
import { startDev } from "../../support/dev-server.ts";
import { CHECK_TIMEOUT_MS, checkRecipe, followRecipe } from "../../support/recipe.ts";

async function copyWithRecipe(): Promise<string> {
  const copy = await copyProject();
  await followRecipe(copy, "Reactions and edits on the demo page");
  return copy;
}

const stage = setStage(async () => startDev({ folder: await copyWithRecipe() }));

const buttons = ({ page }: Visitor, name: string) => page.getByRole("button", { name });

/** Presses Edit, and answers the dialog. */
async function edit({ page }: Visitor, text: string): Promise<void> {
  page.once("dialog", (dialog) => void dialog.accept(text));
  await page.getByRole("button", { name: "Edit" }).click();
}

it("npm run check passes with it", { timeout: CHECK_TIMEOUT_MS }, async () => {
  await checkRecipe(await copyWithRecipe());
});

it("counts each person once, also for people who come later", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await ada.say("Lunch?");
  await buttons(bob, "👍 0").click();
  await buttons(ada, "👍 1").click();
  await buttons(bob, "👍 2").click();
  const eve = await stage.arrive(url);
  for (const visitor of [ada, bob, eve]) await buttons(visitor, "👍 1").waitFor();
  await eve.sees(eve.lines, ["Lunch?"]);
});

it("lets the sender edit a message, and nobody else", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await ada.say("Helo");
  await bob.sees(bob.lines, ["Helo"]);
  expect(await buttons(bob, "Edit").count()).toBe(0);
  await edit(ada, "Hello");
  await bob.sees(bob.lines, ["Hello"]);
  const { items } = await stage.channelOf(url).history({ limit: 1 });
  const change = items[0]?.data as object;
  await stage.channelOf(url).publish("edit", { ...change, text: "Not hers" });
  await bob.say("Bye");
  const eve = await stage.arrive(url);
  for (const visitor of [ada, bob, eve]) await visitor.sees(visitor.lines, ["Hello", "Bye"]);
});

it("says when a reaction could not be sent, and keeps nothing of it", async () => {
  const ada = await stage.arrive();
  await ada.say("Lunch?");
  await ada.page.locator(".line:not([data-delivery=publishing]) time").waitFor();
  await ada.page.context().setOffline(true);
  await ada.page.locator("[data-status]", { hasText: "Reconnecting" }).waitFor();
  const dialog = ada.page.waitForEvent("dialog");
  const pressed = buttons(ada, "👍 0").click();
  await (await dialog).accept();
  await pressed;
  const stored = await ada.page.evaluate(() => Object.values(sessionStorage).join());
  expect(stored).not.toContain("like");
});
