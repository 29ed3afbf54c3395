/** The page in Firefox and WebKit, from Debian's packages. */
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { Site } from "../../../tests/support/stage.ts";
import {
  type OtherBrowser,
  type Tab,
  hasFirefox,
  hasWebKit,
  launchFirefox,
  launchWebKit,
} from "../../support/other-browsers.ts";
import { startServe } from "../../support/production.ts";

const BROWSERS: [string, boolean, () => Promise<OtherBrowser>][] = [
  ["Firefox", hasFirefox, launchFirefox],
  ["WebKit", hasWebKit, launchWebKit],
];
/** A key of the right form, which Ably does not know: the page tries to connect, and cannot. */
const SOME_KEY = "appIdX.keyIdX:not-a-key-of-anyone";

let served: Site;
beforeAll(async () => {
  served = await startServe(SOME_KEY);
});
afterAll(() => served?.stop());

const newRoom = () => `${inject("siteUrl")}/?room=other-${crypto.randomUUID().slice(0, 8)}`;

const textOf = (tab: Tab, selector: string) =>
  tab.run<string>(`return document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`);

const linesOf = (tab: Tab) =>
  tab.run<string[]>(
    "return [...document.querySelectorAll('[data-messages] .text')].map((line) => line.innerText)",
  );

async function connected(tab: Tab): Promise<void> {
  await expect.poll(() => textOf(tab, "[data-status]"), { timeout: 30_000 }).toBe("Connected");
}

async function arrive(browser: OtherBrowser, url: string): Promise<Tab> {
  const tab = await browser.newTab();
  await tab.goto(url);
  await connected(tab);
  return tab;
}

/** As the page sees it when somebody types and presses Enter. */
const say = (tab: Tab, text: string) =>
  tab.run(`
    const box = document.querySelector("[data-text]");
    box.value = ${JSON.stringify(text)};
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  `);

describe.each(BROWSERS)("%s", (name, isInstalled, launch) => {
  let browser: OtherBrowser;
  beforeAll(async () => {
    if (!isInstalled && process.env.CI) throw new Error(`${name} is not installed.`);
    if (isInstalled) browser = await launch();
  });
  afterAll(() => browser?.close());
  afterEach(() => {
    browser?.errors.splice(0);
  });

  it.runIf(isInstalled)("lets two pages talk, and keeps their messages over a reload", async () => {
    const url = newRoom();
    const [ada, bob] = [await arrive(browser, url), await arrive(browser, url)];
    await say(ada, "hello\nfrom Ada");
    await expect.poll(() => linesOf(bob)).toEqual(["hello\nfrom Ada"]);
    await say(bob, "hello back");
    await expect.poll(() => linesOf(ada)).toEqual(["hello\nfrom Ada", "hello back"]);
    await ada.reload();
    await connected(ada);
    await expect.poll(() => linesOf(ada)).toEqual(["hello\nfrom Ada", "hello back"]);
    expect(browser.errors).toEqual([]);
  });

  it.runIf(isInstalled)("is in the room again after the back button", async () => {
    const url = newRoom();
    const ada = await arrive(browser, url);
    await say(ada, "before");
    await expect.poll(() => linesOf(ada)).toEqual(["before"]);
    await ada.goto("about:blank");
    await ada.back();
    await connected(ada);
    await say(ada, "after");
    await expect.poll(() => linesOf(ada)).toEqual(["before", "after"]);
  });

  it.runIf(isInstalled)("opens the invitation with its QR code", async () => {
    const ada = await arrive(browser, newRoom());
    await expect.poll(() => textOf(ada, "[data-diagram-words]")).not.toBe("");
    await ada.run("document.querySelector('[data-invite]').click()");
    const hasCode = () => ada.run<boolean>("return !!document.querySelector('[data-qr] svg path')");
    await expect.poll(hasCode).toBe(true);
    expect(await textOf(ada, "[data-link]")).toMatch(/^http/);
  });

  it.runIf(isInstalled)("reconnects after a dropped connection, and loses nothing", async () => {
    const url = newRoom();
    const [ada, bob] = [await arrive(browser, url), await arrive(browser, url)];
    await expect.poll(() => textOf(ada, "[data-practice]")).not.toBe("");
    await ada.run(`
      document.querySelector("[data-practice]").open = true;
      for (const button of document.querySelectorAll("[data-practice] button"))
        if (button.textContent === "Drop my connection") button.click();
    `);
    await say(bob, "meanwhile");
    await expect.poll(() => linesOf(ada)).toEqual(["meanwhile"]);
    await connected(ada);
    await say(ada, "after");
    await expect.poll(() => linesOf(bob)).toEqual(["meanwhile", "after"]);
  });

  it.runIf(isInstalled)("runs the built page under its policy", async () => {
    const tab = await browser.newTab();
    await tab.goto(served.url);
    // The diagram is in a file that the first script loads.
    await expect.poll(() => textOf(tab, "[data-diagram-words]")).toMatch(/WebSocket/);
    const blocked = browser.errors.filter((text) =>
      /Content-Security-Policy|TrustedHTML/.test(text),
    );
    expect(blocked).toEqual([]);
    const evaluates = await tab.run<string>(`
      try {
        const script = document.createElement("script");
        script.textContent = "window.unsafe = true";
        document.body.append(script);
      } catch {}
      return String(window.unsafe);
    `);
    expect(evaluates).toBe("undefined");
  });
});
