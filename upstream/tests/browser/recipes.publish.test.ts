/** The recipe that publishes from a server, deployed. recipes.test.ts runs it in development. */
import { expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";
import { copyBareProject } from "../../support/fork.ts";
import { startProduction } from "../../support/production.ts";
import { followRecipe } from "../../support/recipe.ts";
import { deliver } from "../../support/webhook.ts";

const SECTIONS = ["Publish from a server", "A signed webhook", "A form", "A scheduled function"];

const stage = setStage(async () => {
  const copy = await copyBareProject();
  for (const section of SECTIONS) await followRecipe(copy, section);
  return startProduction(copy);
});

it("shows a webhook, a form and a scheduled run once each, and no other", async () => {
  const page = await stage.openPage();
  await page.goto(stage.site.url);
  const { url } = stage.site;
  expect((await deliver(url, "1", "ada")).status).toBe(200);
  expect((await deliver(url, "1", "ada")).status).toBe(200);
  expect((await deliver(url, "2", "eve", "another secret")).status).toBe(401);
  const body = new FormData();
  body.set("text", "Hello <b>");
  const form = await fetch(`${url}/.netlify/functions/contact`, { method: "POST", body });
  expect(await form.text()).toBe("Thank you.");
  expect((await fetch(`${url}/.netlify/functions/hourly`)).ok).toBe(true);
  expect((await deliver(url, "3", "bob")).status).toBe(200);
  await expect
    .poll(() => page.locator("p").allInnerTexts())
    .toEqual([
      "server:github: push by ada",
      "server:form: Hello <b>",
      expect.stringMatching(/^server:clock: It is \S+ h\.$/),
      "server:github: push by bob",
    ]);
});

it("answers with an error in words while Ably is away", async () => {
  await stage.site.ably.stop();
  const response = await deliver(stage.site.url, "4", "ada");
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(await response.text()).not.toBe("");
  await stage.site.ably.start();
});
