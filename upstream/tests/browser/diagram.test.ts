import { describe, expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";
import type { Visitor } from "../../../tests/demo/visitor.ts";

const stage = setStage();

describe("the diagram", () => {
  it("lights the function while it runs, and the WebSocket while it is open", async () => {
    const visitor = await stage.open({ viewport: { width: 1280, height: 800 } });
    const { page } = visitor;
    let answer = () => {};
    const called = new Promise<void>((resolve) => {
      void page.route("**/.netlify/functions/ably-token-request*", async (route) => {
        resolve();
        await new Promise<void>((go) => (answer = go));
        await route.continue();
      });
    });
    await page.goto(stage.newRoom());
    await called;
    const step = (name: string) => page.locator(`[data-step="${name}"]`);
    await page.locator('[data-step="function"][data-state="active"]').waitFor();
    const places = () =>
      page
        .locator("[data-diagram] > *")
        .evaluateAll((all) => all.map((part) => part.getBoundingClientRect().top));
    const before = await places();
    answer();
    await visitor.connected();
    for (const name of ["page", "function", "token", "socket", "channel"]) {
      await page.locator(`[data-step="${name}"][data-state="done"]`).waitFor();
      expect(await step(name).locator("[data-step-time]").innerText()).toMatch(/^\d+ ms$/);
    }
    expect(await page.locator("[data-diagram-words]").innerText()).toMatch(
      /^The function ran for \d+ ms\. Your WebSocket has been open for \d+ s\.$/,
    );
    // Nothing moves once it is drawn.
    expect(await places()).toEqual(before);
  });

  it("counts how long the WebSocket has been open", async () => {
    const ada = await stage.arrive();
    const words = ada.page.locator("[data-diagram-words]");
    await words.getByText("has been open for 2 s").waitFor();
    await ada.page
      .locator(".facts > div", { hasText: "Round trip" })
      .getByText(/^\d+ ms$/)
      .waitFor();
  });

  it("plays again with a new connection, and keeps the messages", async () => {
    const ada = await stage.arrive();
    await ada.say("before");
    await ada.sees(ada.lines, ["before"]);
    const calls: string[] = [];
    ada.page.on("request", (request) => calls.push(request.url()));
    await ada.page.locator("[data-replay]").click();
    await ada.page.locator('[data-step="function"][data-state="done"]').waitFor();
    await ada.connected();
    await expect
      .poll(() => calls.filter((url) => url.includes("ably-token-request")))
      .toHaveLength(1);
    await ada.say("after");
    await ada.sees(ada.lines, ["before", "after"]);
    expect(await ada.page.locator(".notice").count()).toBe(0);
    expect(await ada.people.count()).toBe(1);
  });

  it("shows each message on its way, unless less motion is wanted", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    const bob = await stage.arrive(url, { reducedMotion: "reduce" });
    const watch = ({ page }: Visitor) =>
      page.evaluate(() => {
        const bar = document.querySelector('[data-bar="socket"]')!;
        const dots: string[] = [];
        new MutationObserver((changes) => {
          for (const { addedNodes } of changes)
            for (const node of addedNodes) dots.push((node as HTMLElement).className);
        }).observe(bar, { childList: true });
        Object.assign(window, { dots });
      });
    const dots = ({ page }: Visitor) =>
      page.evaluate(() => (window as unknown as { dots: string[] }).dots);
    await Promise.all([watch(ada), watch(bob)]);
    await ada.say("hello");
    await bob.sees(bob.lines, ["hello"]);
    await expect.poll(() => dots(ada)).toEqual(["sent", "received"]);
    expect(await dots(bob)).toEqual([]);
  });
});
