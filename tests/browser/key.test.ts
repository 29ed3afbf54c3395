import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchChromium } from "./chromium.ts";
import { startDev } from "./dev-server.ts";
import { Visitor } from "./visitor.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(() => browser?.close());

it("shows the function's own message in place of a blank page when the key is broken", async () => {
  const dev = await startDev({ key: "your-key-here" });
  try {
    const visitor = await Visitor.arrive(browser, dev.url);
    const panel = visitor.page.locator("[data-problem]");
    await panel.waitFor();
    expect(await panel.getByRole("heading").innerText()).toBe("One step left: your Ably key");
    const detail = await panel.locator("[data-problem-detail]").innerText();
    const answer = await fetch(`${dev.url}/.netlify/functions/ably-token-request`);
    const body = (await answer.json()) as { error: { message: string } };
    expect(answer.status).toBe(500);
    expect(detail).toBe(body.error.message);
    expect(detail).not.toContain("your-key-here");
    expect(await panel.getByRole("button", { name: "Try again now" }).isVisible()).toBe(true);
    // With a key, even a broken one, nothing here pretends to be Ably.
    expect(dev.output()).not.toContain("Local Ably");
    expect((await fetch(`${dev.url}/time`)).headers.get("content-type")).toContain("text/html");
  } finally {
    await dev.stop();
  }
});
