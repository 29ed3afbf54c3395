import { describe, expect, it } from "vitest";
import { DEFAULT_ROOM } from "../../src/app.ts";
import { setStage } from "./stage.ts";
import type { Visitor } from "./visitor.ts";

const stage = setStage();

/** Phones, a phone that is turned, a phone with its keyboard up, and a desk, in CSS px. */
const SIZES = [
  [360, 640],
  [390, 844],
  [844, 390],
  [390, 420],
  [1280, 800],
] as const;

async function isInView({ page }: Visitor, selector: string, height: number): Promise<boolean> {
  const box = await page.locator(selector).last().boundingBox();
  return box !== null && box.y >= 0 && box.y + box.height <= height;
}

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

  it("is the default one, and says so, if the link names an invalid room", async () => {
    const ada = await stage.arrive(`${stage.site.url}/?room=%5Bmeta%5D*`);
    expect(await ada.page.locator("h1").innerText()).toContain(DEFAULT_ROOM);
    await ada.page.locator("[data-problem]").getByText(`This is “${DEFAULT_ROOM}”.`).waitFor();
    await ada.page.locator("[data-invite]").click();
    await ada.page
      .locator("[data-link]")
      .getByText(/^http:[^?]+$/)
      .waitFor();
  });

  it("says that it has no messages only after Ably has delivered those that it has", async () => {
    const { page } = await stage.open();
    let letRestCome = () => {};
    const restMayCome = new Promise<void>((resolve) => (letRestCome = resolve));
    await page.routeWebSocket(/access_token=/, (socket) => {
      let isAttached = false;
      socket.connectToServer().onMessage(async (frame) => {
        if (isAttached) await restMayCome;
        const ATTACHED = 11;
        isAttached ||= JSON.parse(String(frame)).action === ATTACHED;
        socket.send(frame);
      });
    });
    await page.goto(stage.newRoom());
    await page.locator("[data-status]", { hasText: /^Connected$/ }).waitFor();
    expect(await page.locator("[data-no-messages]").isVisible()).toBe(false);
    letRestCome();
    await page.locator("[data-no-messages]").waitFor();
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

describe("while the page loads", () => {
  it("keeps what somebody types and tries to send", async () => {
    const { page } = await stage.open();
    let letScriptLoad = () => {};
    const mayLoad = new Promise<void>((resolve) => (letScriptLoad = resolve));
    await page.route("**/assets/index.js", (route) => mayLoad.then(() => route.continue()));
    const url = stage.newRoom();
    await page.goto(url, { waitUntil: "commit" });
    const box = page.locator("[data-text]");
    await box.fill("typed early");
    await page.locator("[data-composer] .primary").click();
    letScriptLoad();
    await page.locator("[data-people] .me").waitFor();
    expect(await box.inputValue()).toBe("typed early");
    expect(page.url()).toBe(url);
    await page.unroute("**/assets/index.js");
    await page.reload();
    await expect.poll(() => box.inputValue()).toBe("typed early");
    const mayLoadAgain = new Promise<void>((resolve) => (letScriptLoad = resolve));
    await page.route("**/assets/index.js", (route) => mayLoadAgain.then(() => route.continue()));
    await page.reload({ waitUntil: "commit" });
    await box.fill("and later");
    letScriptLoad();
    await expect.poll(() => box.inputValue()).toBe("typed early\nand later");
  });

  it("says so if a part of it cannot be loaded, and loses nothing", async () => {
    const visitor = await stage.open();
    const { page } = visitor;
    await page.route("**/assets/page-*.js", (route) => route.abort());
    await page.goto(stage.newRoom());
    await page.locator("[data-problem]").getByText("could not be loaded").waitFor();
    const box = page.locator("[data-text]");
    await box.fill("sent");
    await box.press("Enter");
    await box.fill("half typed");
    await page.unroute("**/assets/page-*.js");
    await page.locator("[data-retry]").click();
    await visitor.connected();
    await page.locator("[data-problem]").waitFor({ state: "hidden" });
    await visitor.sees(visitor.lines, ["sent"]);
    expect(await box.inputValue()).toBe("half typed");
  });
});

describe("a part that loads later", () => {
  it.each(["share", "side"])(
    "says so if a deploy has removed %s, and a reload loses nothing",
    async (part) => {
      const visitor = await stage.open();
      const { page } = visitor;
      await page.route(`**/assets/${part}-*.js`, (route) => route.fulfill({ status: 404 }));
      await page.goto(stage.newRoom());
      await visitor.connected();
      await page.locator("[data-text]").fill("half typed");
      if (part === "share") {
        await page.locator("[data-servers]").getByText("local Ably stands in").waitFor();
        await page.locator("[data-invite]").click();
        await page.locator("[data-shared]").getByText("could not be loaded").waitFor();
        await page.keyboard.press("Escape");
      }
      await page.unroute(`**/assets/${part}-*.js`);
      await page.locator("[data-problem]").getByRole("button", { name: "Reload" }).click();
      await page.locator("[data-servers]").getByText("local Ably stands in").waitFor();
      expect(await page.locator("[data-problem]").isHidden()).toBe(true);
      expect(await page.inputValue("[data-text]")).toBe("half typed");
    },
  );
});

describe("a first visit in development", () => {
  it("says what to do next, until somebody has read it", async () => {
    const ada = await stage.arrive();
    const steps = ada.page.locator("[data-first-steps]");
    await steps.waitFor();
    expect(await steps.locator("li").count()).toBe(3);
    await steps.getByRole("button", { name: "Got it" }).click();
    await ada.page.reload();
    await ada.page.locator("[data-practice]").waitFor();
    expect(await steps.count()).toBe(0);
  });
});

describe("a phone", () => {
  it("shows the last message and the box without scrolling, in any size", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    await stage.sayAll(url, ["one", "two", "three", "four", "five", "six", "seven", "eight"]);
    await ada.say("last");
    await ada.lines.getByText("last").waitFor();
    for (const [width, height] of SIZES) {
      await ada.page.setViewportSize({ width, height });
      const visible = [".line:last-child", "[data-text]", "[data-people] .me", "[data-status]"];
      for (const selector of visible) {
        const what = `${selector} at ${width} × ${height}`;
        await expect.poll(() => isInView(ada, selector, height), { message: what }).toBe(true);
      }
      const overflow = await ada.page.evaluate(() => ({
        inline: document.documentElement.scrollWidth - innerWidth,
        block: document.documentElement.scrollHeight - innerHeight,
      }));
      expect(overflow, `${width} × ${height}`).toEqual({ inline: 0, block: 0 });
    }
  });

  it("has its header in one row and the state on one line, also in a preview", async () => {
    const ada = await stage.arrive(stage.newRoom(), { viewport: { width: 360, height: 640 } });
    const heights = await ada.page.evaluate(() => {
      const find = (mark: string) => document.querySelector<HTMLElement>(mark);
      const [pill, status] = [find("[data-context]"), find("[data-status]")];
      if (pill) Object.assign(pill, { hidden: false, textContent: "deploy-preview" });
      if (status) status.textContent = "Not connected";
      const heightOf = (mark: string) => find(mark)?.getBoundingClientRect().height ?? 0;
      return {
        row: heightOf(".top") - heightOf("[data-invite]"),
        state: heightOf("[data-status]"),
      };
    });
    // In CSS px: the row's own space, and one line of text.
    expect(heights.row).toBeLessThan(20);
    expect(heights.state).toBeLessThan(24);
  });

  it("opens the diagram from one line, and closes it again", async () => {
    const ada = await stage.arrive(stage.newRoom(), { viewport: { width: 390, height: 844 } });
    const toggle = ada.page.locator("[data-diagram-toggle]");
    await toggle.getByText(/^Function ran \d+ ms · WebSocket open for \d+ s$/).waitFor();
    await toggle.click();
    await ada.page.locator("[data-diagram-words]").waitFor();
    expect(await toggle.getAttribute("aria-expanded")).toBe("true");
    await toggle.click();
    await ada.page.locator("[data-text]").waitFor();
    expect(await ada.page.locator("[data-diagram-words]").isVisible()).toBe(false);
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

it("keeps the place where somebody reads the connection log, and else shows its end", async () => {
  const { page } = await stage.arrive();
  const drawer = page.locator("[data-log-drawer] summary");
  const log = page.locator("[data-log]");
  const lines = log.locator("li");
  await drawer.click();
  // A list of two lines, so that the rest is out of view.
  await log.evaluate((list) => (list.style.maxHeight = "2lh"));
  const place = () => log.evaluate(({ scrollTop }) => scrollTop);
  const isAtEnd = () =>
    log.evaluate(
      ({ scrollTop, scrollHeight, clientHeight }) =>
        scrollTop > 0 && scrollHeight - clientHeight - scrollTop <= 1,
    );
  const connectAgain = async () => {
    const count = await lines.count();
    await page.locator("[data-replay]").click();
    await expect.poll(() => lines.count()).toBeGreaterThan(count);
    await expect.poll(() => lines.last().innerText()).toContain("room attached");
  };
  for (let press = 0; press < 2; press++) await drawer.click();
  await expect.poll(isAtEnd).toBe(true);
  await connectAgain();
  expect(await isAtEnd()).toBe(true);
  await log.evaluate((list) => (list.scrollTop = 0));
  await connectAgain();
  expect(await place()).toBe(0);
});

it("does not show the steps for a key that come only when the page is connected", async () => {
  const visitor = await stage.open();
  const { page } = visitor;
  let letStepsCome = () => {};
  const stepsMayCome = new Promise<void>((resolve) => (letStepsCome = resolve));
  await page.route("**/assets/setup-*.js", (route) => stepsMayCome.then(() => route.continue()));
  const error = { code: 40106, statusCode: 500, message: "This site has no ABLY_API_KEY yet." };
  const refusal = { status: 500, headers: { "x-ably-errorcode": "40106" }, json: { error } };
  await page.route("**/ably-token-request?*", (route) => route.fulfill(refusal));
  await page.goto(stage.newRoom());
  await page.locator("[data-problem]").getByText("has no ABLY_API_KEY").waitFor();
  await page.unroute("**/ably-token-request?*");
  await page.locator("[data-retry]").click();
  await visitor.connected();
  await page.evaluate(() => {
    new MutationObserver(() => {
      document.documentElement.dataset.wasSetUp = document.body.className;
    }).observe(document.body, { attributeFilter: ["class"] });
  });
  letStepsCome();
  await page.locator("[data-setup] li").first().waitFor({ state: "attached" });
  expect(await page.evaluate(() => document.documentElement.dataset.wasSetUp)).toBeUndefined();
});
