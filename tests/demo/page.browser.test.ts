import { describe, expect, it } from "vitest";
import { setStage } from "../support/stage.ts";

const stage = setStage();

describe("the room", () => {
  it("is the one that the link names, apart from the others", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(stage.newRoom())];
    await ada.say("only here");
    await ada.sees(ada.lines, ["only here"]);
    expect(await ada.people.count()).toBe(1);
    expect(await bob.lines.count()).toBe(0);
    expect(await ada.page.locator("h1").innerText()).toContain(url.split("=")[1]);
  });

  it("is the lobby, and says so, if the link names an invalid room", async () => {
    const ada = await stage.arrive(`${stage.site.url}/?room=%5Bmeta%5D*`);
    expect(await ada.page.locator("h1").innerText()).toContain("lobby");
    await ada.page.locator("[data-problem]").getByText("This is the lobby.").waitFor();
  });

  it("can be opened again after Ably refused it", async () => {
    const { page, connected } = await stage.open().then((visitor) => ({
      page: visitor.page,
      connected: () => visitor.connected(),
    }));
    let isRefused = true;
    await page.routeWebSocket(/access_token=/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((frame) => {
        const { action, channel } = JSON.parse(String(frame)) as Record<string, unknown>;
        const ATTACH = 10;
        if (!isRefused || action !== ATTACH) return server.send(frame);
        const error = { code: 40160, statusCode: 401, message: "Denied for a test." };
        socket.send(JSON.stringify({ action: 9, channel, error }));
      });
    });
    await page.goto(stage.newRoom());
    const problem = page.locator("[data-problem]");
    await problem.getByText("Denied for a test.").waitFor();
    isRefused = false;
    await page.locator("[data-retry]").click();
    await connected();
    await problem.waitFor({ state: "hidden" });
  });
});

describe("a phone", () => {
  it.each([
    [360, 640],
    [390, 844],
    [844, 390],
    [390, 420],
    [1280, 800],
  ])(
    "of %i × %i px shows the last message and the box without scrolling",
    async (width, height) => {
      const ada = await stage.arrive(stage.newRoom(), { viewport: { width, height } });
      for (let i = 0; i < 12; i++) await ada.say(`line ${i}`);
      await ada.lines.getByText("line 11").waitFor();
      for (const selector of [
        ".line:last-child",
        "[data-text]",
        "[data-people] .me",
        "[data-status]",
      ]) {
        const box = await ada.page.locator(selector).last().boundingBox();
        expect(box, selector).not.toBeNull();
        expect(box!.y, selector).toBeGreaterThanOrEqual(0);
        expect(box!.y + box!.height, selector).toBeLessThanOrEqual(height);
      }
      const overflow = () => document.documentElement.scrollWidth - innerWidth;
      expect(await ada.page.evaluate(overflow)).toBeLessThanOrEqual(0);
      expect(
        await ada.page.evaluate(() => document.documentElement.scrollHeight - innerHeight),
      ).toBe(0);
    },
  );

  it("opens the diagram from one line, and closes it again", async () => {
    const ada = await stage.arrive(stage.newRoom(), { viewport: { width: 390, height: 844 } });
    const toggle = ada.page.locator("[data-path-toggle]");
    await toggle.getByText(/^Function ran \d+ ms · WebSocket open for \d+ s$/).waitFor();
    await toggle.click();
    await ada.page.locator("[data-path-words]").waitFor();
    expect(await toggle.getAttribute("aria-expanded")).toBe("true");
    await toggle.click();
    await ada.page.locator("[data-text]").waitFor();
    expect(await ada.page.locator("[data-path-words]").isVisible()).toBe(false);
  });

  it("has targets of 44 px, and no text field that iOS would zoom into", async () => {
    const ada = await stage.arrive(stage.newRoom(), { viewport: { width: 390, height: 844 } });
    const small = await ada.page.evaluate(() => {
      const isSmall = (element: Element) => {
        const { width, height } = element.getBoundingClientRect();
        return width > 0 && (width < 44 || height < 44);
      };
      return [...document.querySelectorAll("button, textarea")]
        .filter(isSmall)
        .map((e) => e.outerHTML);
    });
    expect(small).toEqual([]);
    const fontSizes = await ada.page.evaluate(() =>
      [...document.querySelectorAll("input, textarea")].map((e) =>
        parseFloat(getComputedStyle(e).fontSize),
      ),
    );
    expect(Math.min(...fontSizes)).toBeGreaterThanOrEqual(16);
  });
});
