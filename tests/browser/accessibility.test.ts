import { readFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "./chromium.ts";
import { type DevServer, startDev } from "./dev-server.ts";
import { Visitor } from "./visitor.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** Pictures of every state, for people to look at; git ignores it. */
const SCREENSHOTS = fileURLToPath(new URL("../../screenshots", import.meta.url));

let dev: DevServer;
let browser: Browser;
let axe: string;
let rooms = 0;

beforeAll(async () => {
  [dev, browser, axe] = await Promise.all([startDev(), launchChromium(), readFile(AXE, "utf8")]);
  await mkdir(SCREENSHOTS, { recursive: true });
});

afterAll(async () => {
  await browser?.close();
  await dev?.stop();
});

type AxeResults = {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
};

async function violations({ page }: Visitor): Promise<string[]> {
  await page.evaluate(axe);
  const results = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** Nothing is cut off, or needs scrolling sideways. */
async function overflow({ page }: Visitor): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

const LONG_WORD = "x".repeat(1_000);

/** Each state of the page, as a visitor gets there. */
const STATES: Record<string, (visitor: Visitor) => Promise<void>> = {
  async empty(visitor) {
    await visitor.connected();
    await visitor.page.locator("[data-empty]").waitFor();
  },
  async busy(visitor) {
    await visitor.connected();
    const other = await Visitor.arrive(browser, visitor.page.url());
    await other.connected();
    for (const text of ["hello", LONG_WORD, "שלום עולם, مرحبا", "👩‍👩‍👧 🦦"]) await other.say(text);
    await visitor.say("hi");
    await other.page.locator("[data-text]").pressSequentially("one more");
    await visitor.page.getByText("is typing…").waitFor();
    await visitor.page.locator(".line.mine").waitFor();
    await visitor.page.getByText("Ably message").last().click();
    await other.page.context().close();
  },
  async "without a key"(visitor) {
    const { page } = visitor;
    const error = { code: 40106, statusCode: 500, message: "This site has no ABLY_API_KEY yet." };
    await page.route("**/.netlify/functions/**", (route) =>
      route.fulfill({ status: 500, headers: { "x-ably-errorcode": "40106" }, json: { error } }),
    );
    await page.reload();
    await page.getByText("One step left").waitFor();
  },
  async "with the dialog open"(visitor) {
    await visitor.connected();
    await visitor.page.getByRole("button", { name: "Invite" }).click();
    await visitor.page.locator("[data-qr] path").waitFor();
  },
  async "with log and drawer open"(visitor) {
    await visitor.connected();
    await visitor.page.getByText("Connection log").click();
    await visitor.page.getByText("Practice faults").click();
  },
};

describe.each(Object.entries(STATES))("the page, %s,", (state, reach) => {
  it.each([
    ["phone", 360, "light"],
    ["phone", 360, "dark"],
    ["tablet", 768, "light"],
    ["desk", 1440, "light"],
    ["desk", 1440, "dark"],
    ["desk at 400% zoom", 320, "light"],
  ] as const)(
    "on a %s of %i px, %s, has no barrier and loses nothing",
    async (_name, width, colorScheme) => {
      const options: BrowserContextOptions = { viewport: { width, height: 900 }, colorScheme };
      const visitor = await Visitor.arrive(browser, `${dev.url}/?room=axe-${rooms++}`, options);
      await reach(visitor);
      const path = `${SCREENSHOTS}/${state.replaceAll(" ", "-")}-${width}-${colorScheme}.png`;
      await visitor.page.screenshot({ path, fullPage: true });
      expect(await violations(visitor)).toEqual([]);
      expect(await overflow(visitor)).toBeLessThanOrEqual(0);
      await visitor.page.context().close();
    },
  );
});

it("works by keyboard alone, with the focus in sight", async () => {
  const visitor = await Visitor.arrive(browser, `${dev.url}/?room=keys`);
  await visitor.connected();
  const { page } = visitor;
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const name = element.textContent?.trim() || element.id || element.className;
      return { name, isVisible: outlineStyle !== "none" && outlineWidth !== "0px" };
    });
  const order: string[] = [];
  for (let i = 0; i < 9; i++) {
    await page.keyboard.press("Tab");
    const { name, isVisible } = await focused();
    expect(isVisible, name).toBe(true);
    order.push(name);
  }
  expect(order).toEqual([
    "Invite",
    "name",
    "Rename",
    "messages",
    "text",
    "Send",
    "Say hello world",
    "Connection log",
    "Practice faults (local Ably only)",
  ]);
  await page.context().close();
});

it("has targets of 24 px at least", async () => {
  const visitor = await Visitor.arrive(browser, `${dev.url}/?room=targets`);
  await visitor.connected();
  await visitor.say("hello");
  await visitor.page.getByText("Ably message").waitFor();
  const small = await visitor.page.evaluate(() =>
    [...document.querySelectorAll("button, input, summary, a")]
      .map((element) => ({
        name: element.outerHTML.slice(0, 60),
        box: element.getBoundingClientRect(),
      }))
      .filter(({ box }) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(({ name }) => name),
  );
  expect(small).toEqual([]);
  await visitor.page.context().close();
});
