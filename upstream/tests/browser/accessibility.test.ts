import { readFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";
import type { Visitor } from "../../../tests/demo/visitor.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** Pictures of every state, for people to look at; git ignores it. */
const SCREENSHOTS = fileURLToPath(new URL("../../screenshots", import.meta.url));

const stage = setStage();
let axe: string;

beforeAll(async () => {
  axe = await readFile(AXE, "utf8");
  await mkdir(SCREENSHOTS, { recursive: true });
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

/** Pairs of elements that cover each other. */
async function overlaps({ page }: Visitor, selector: string): Promise<string[]> {
  return page.locator(selector).evaluateAll((elements) => {
    const boxes = elements.map((element) => [element, element.getBoundingClientRect()] as const);
    return boxes.flatMap(([one, a], index) =>
      boxes
        .slice(index + 1)
        .filter(([, b]) => a.left < b.right && b.left < a.right)
        .filter(([, b]) => a.top < b.bottom && b.top < a.bottom)
        .map(([other]) => `${one.outerHTML.slice(0, 60)} ${other.outerHTML.slice(0, 60)}`),
    );
  });
}

/** How many letters "m" fit into a line of the text box. */
async function charactersPerLine({ page }: Visitor): Promise<number> {
  return page.locator("[data-text]").evaluate((box) => {
    const { fontSize, paddingInlineStart } = getComputedStyle(box);
    return (box.clientWidth - 2 * parseFloat(paddingInlineStart)) / parseFloat(fontSize);
  });
}

const LONG_WORD = "x".repeat(1_000);

/** Each state of the page, as a visitor gets there. */
const STATES: Record<string, (visitor: Visitor) => Promise<void>> = {
  async empty(visitor) {
    await visitor.connected();
    await visitor.page.locator("[data-no-messages]").waitFor();
  },
  async busy(visitor) {
    await visitor.connected();
    const other = await stage.arrive(visitor.page.url());
    for (const text of ["hello", LONG_WORD, "שלום עולם, مرحبا", "👩‍👩‍👧 🦦"]) await other.say(text);
    await visitor.say("hi");
    await other.page.locator("[data-text]").pressSequentially("one more");
    await visitor.page.getByText("is typing…").waitFor();
    await visitor.page.locator(".line.mine").waitFor();
    await visitor.openRaw(visitor.page.locator(".line.mine"));
  },
  async "without a key"(visitor) {
    const { page } = visitor;
    const error = { code: 40106, statusCode: 500, message: "This site has no ABLY_API_KEY yet." };
    await page.route("**/.netlify/functions/**", (route) =>
      route.fulfill({ status: 500, headers: { "x-ably-errorcode": "40106" }, json: { error } }),
    );
    // The tab may have a token already.
    await page.addInitScript(() => sessionStorage.clear());
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

const SIZES = [
  { width: 360, colorScheme: "light" },
  { width: 360, colorScheme: "dark" },
  { width: 768, colorScheme: "light" },
  { width: 768, colorScheme: "dark" },
  { width: 1440, colorScheme: "light" },
  { width: 1440, colorScheme: "dark" },
  // A desk of 1280 px at 400% zoom.
  { width: 320, colorScheme: "light" },
] as const;

it.each(Object.entries(STATES))(
  "the page, %s, has no barrier and loses nothing at any size, light and dark",
  async (state, reach) => {
    const visitor = await stage.open();
    await visitor.page.goto(stage.newRoom());
    await reach(visitor);
    for (const { width, colorScheme } of SIZES) {
      await visitor.page.emulateMedia({ colorScheme });
      await visitor.page.setViewportSize({ width, height: 900 });
      const path = `${SCREENSHOTS}/${state.replaceAll(" ", "-")}-${width}-${colorScheme}.png`;
      await visitor.page.screenshot({ path, fullPage: true, animations: "disabled" });
      const at = `${width} px, ${colorScheme}`;
      expect(await violations(visitor), at).toEqual([]);
      expect(await overflow(visitor), at).toBeLessThanOrEqual(0);
    }
  },
);

const READERS: Record<string, (visitor: Visitor) => Promise<unknown>> = {
  "text of twice the size": ({ page }) =>
    page.evaluate(() => void (document.documentElement.style.fontSize = "200%")),
  "the colours of the system alone": ({ page }) => page.emulateMedia({ forcedColors: "active" }),
  "lines that run from right to left": ({ page }) =>
    page.evaluate(() => void (document.documentElement.dir = "rtl")),
};

it.each(Object.entries(READERS))("the page has no barrier with %s", async (name, change) => {
  const visitor = await stage.open();
  await visitor.page.goto(stage.newRoom());
  await STATES.busy!(visitor);
  await change(visitor);
  for (const width of [360, 1440]) {
    await visitor.page.setViewportSize({ width, height: 900 });
    const path = `${SCREENSHOTS}/${name.replaceAll(" ", "-")}-${width}.png`;
    await visitor.page.screenshot({ path, animations: "disabled" });
    expect(await violations(visitor), `${width} px`).toEqual([]);
    expect(await overflow(visitor), `${width} px`).toBeLessThanOrEqual(0);
    expect(
      await overlaps(visitor, ".top > *, .composer > :not(.visually-hidden)"),
      `${width} px`,
    ).toEqual([]);
    expect(await charactersPerLine(visitor), `${width} px`).toBeGreaterThan(6);
    await visitor.page.locator("[data-text]").fill(`at ${width} px`);
    await visitor.page.locator("[data-text]").press("Enter");
    await visitor.lines.getByText(`at ${width} px`).waitFor();
  }
});

const PARTS = ["[data-text]", "[data-composer] .primary", "[data-messages]", "[data-diagram]"];

it("is mirrored where lines run from right to left", async () => {
  const { page } = await stage.arrive(stage.newRoom(), { viewport: { width: 1440, height: 900 } });
  const distances = (edge: "left" | "right") =>
    page.evaluate(
      ([parts, side]) =>
        parts.map((part) => {
          const { left, right } = document.querySelector(part)!.getBoundingClientRect();
          return side === "left" ? left : innerWidth - right;
        }),
      [PARTS, edge] as const,
    );
  const fromLeft = await distances("left");
  await page.evaluate(() => void (document.documentElement.dir = "rtl"));
  expect(await distances("right")).toEqual(fromLeft);
});

it("works by keyboard alone, with the focus in sight", async () => {
  const { page } = await stage.arrive(stage.newRoom());
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const mark = element.getAttributeNames().find((name) => /^data-(?!v-)/.test(name));
      const name = mark ?? element.textContent?.trim() ?? "";
      return { name, isVisible: outlineStyle !== "none" && outlineWidth !== "0px" };
    });
  const order: string[] = [];
  for (let i = 0; i < 14; i++) {
    await page.keyboard.press("Tab");
    const { name, isVisible } = await focused();
    expect(isVisible, name).toBe(true);
    order.push(name);
  }
  expect(order).toEqual([
    "data-invite",
    "data-open-rename",
    "data-messages",
    "data-text",
    "data-hello",
    "Send",
    "data-replay",
    "this room in a second tab",
    "Ably's API keys",
    "Copy",
    "Netlify",
    "Got it",
    "Connection log",
    "Practice faults (local Ably only)",
  ]);
});

it("has targets of 24 px at least", async () => {
  const visitor = await stage.arrive(stage.newRoom());
  await visitor.say("hello");
  await visitor.openRaw(visitor.page.locator(".line.mine"));
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
});
