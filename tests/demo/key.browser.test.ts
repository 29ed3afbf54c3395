import { expect, it } from "vitest";
import { startDev } from "../support/dev-server.ts";
import { setStage } from "../support/stage.ts";

const stage = setStage(() => startDev({ key: "your-key-here" }));

it("shows the function's own message in place of a blank page when the key is broken", async () => {
  const { page } = await stage.open();
  await page.goto(stage.site.url);
  const panel = page.locator("[data-problem]");
  await panel.waitFor();
  expect(await panel.getByRole("heading").innerText()).toBe("One step left: your Ably key");
  const detail = await panel.locator("[data-problem-detail]").innerText();
  const answer = await fetch(`${stage.site.url}/.netlify/functions/ably-token-request`);
  const body = (await answer.json()) as { error: { message: string } };
  expect(answer.status).toBe(500);
  expect(detail).toBe(body.error.message);
  expect(detail).not.toContain("your-key-here");
  expect(await panel.getByRole("button", { name: "Try again now" }).isVisible()).toBe(true);
  // With a key, even a broken one, nothing here pretends to be Ably.
  expect(stage.site.output()).not.toContain("Local Ably");
  const time = await fetch(`${stage.site.url}/time`);
  expect(time.headers.get("content-type")).toContain("text/html");
});
