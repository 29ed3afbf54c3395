/** The recipe for Ably's own annotations, updates and deletes. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { copyBareProject } from "../../support/fork.ts";
import { CHECK_TIMEOUT_MS, checkRecipe, followRecipe } from "../../support/recipe.ts";

async function copyWithRecipe(): Promise<string> {
  const copy = await copyBareProject();
  await followRecipe(copy, "Ably's own reactions and edits");
  return copy;
}

const stage = setStage(async () => startDev({ folder: await copyWithRecipe() }));

async function open(): Promise<Page> {
  const { page } = await stage.open();
  await page.goto(stage.site.url);
  return page;
}

it("npm run check passes with it", { timeout: CHECK_TIMEOUT_MS }, async () => {
  await checkRecipe(await copyWithRecipe());
});

it("shows reactions and the last text, also to people who come later", async () => {
  const [ada, bob] = [await open(), await open()];
  await ada.fill("input", "Helo");
  await ada.keyboard.press("Enter");
  await bob.getByText("Helo").waitFor();
  await bob.getByRole("button", { name: "👍 0" }).click();
  await ada.getByRole("button", { name: "👍 1" }).click();
  await ada.fill("input", "Hello");
  await ada.getByRole("button", { name: "Replace" }).click();
  await bob.getByText("Hello", { exact: true }).waitFor();
  const eve = await open();
  for (const page of [ada, bob, eve]) {
    await expect.poll(() => page.locator("p").allInnerTexts()).toEqual(["Hello👍 2ReplaceDelete"]);
  }
  const { items } = await stage.stranger().channels.get("room:lobby").history();
  expect(items.map(({ data }) => data as unknown)).toEqual([{ text: "Hello" }]);
});

it("does not let one visitor change the message of another", async () => {
  const [ada, bob] = [await open(), await open()];
  await ada.fill("input", "Mine");
  await ada.keyboard.press("Enter");
  const line = bob.locator("p", { hasText: "Mine" });
  await line.waitFor();
  const refused = bob.waitForEvent("pageerror");
  await line.getByRole("button", { name: "Delete" }).click();
  expect(String(await refused)).toContain("message-delete");
  await ada.locator("p", { hasText: "Mine" }).getByRole("button", { name: "Delete" }).click();
  await bob.getByText("(deleted)").waitFor();
});
