/** Firefox and WebKit from Debian's packages, behind what the tests need of a browser. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import puppeteer, { type Page } from "puppeteer-core";
import { Builder, Capabilities, type WebDriver } from "selenium-webdriver";
import { freePort } from "../../tests/support/program.ts";

/** One tab of a browser. */
export type Tab = {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  back(): Promise<void>;
  /** Runs the body of a function in the page, and returns what it returns. */
  run<Result>(body: string): Promise<Result>;
};

export type OtherBrowser = {
  name: string;
  newTab(): Promise<Tab>;
  /** What its console reported as an error. WebKit's driver does not report it. */
  errors: string[];
  close(): Promise<void>;
};

const FIREFOX = "/usr/bin/firefox-esr";
const WEBKIT_DRIVER = "/usr/bin/WebKitWebDriver";
const LIBRARIES = "/usr/lib/x86_64-linux-gnu";

const MAX_ATTEMPTS = 100;
const ATTEMPT_MS = 100;

export const hasFirefox = existsSync(FIREFOX);
export const hasWebKit = existsSync(WEBKIT_DRIVER) && existsSync("/usr/bin/xvfb-run");

export async function launchFirefox(): Promise<OtherBrowser> {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
  });
  const errors: string[] = [];
  const open = (page: Page): Tab => ({
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    back: async () => void (await page.goBack()),
    run: <Result>(body: string) => page.evaluate(`(() => { ${body} })()`) as Promise<Result>,
  });
  return {
    name: "Firefox",
    errors,
    async newTab() {
      const page = await browser.newPage();
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      page.on("pageerror", (error) => errors.push(String(error)));
      return open(page);
    },
    close: () => browser.close(),
  };
}

/** WebKit's driver has one session. A tab in the background would not render, so each is a window. */
export async function launchWebKit(): Promise<OtherBrowser> {
  const port = await freePort();
  const driver = await startWebKitDriver(port);
  const capabilities = new Capabilities({
    browserName: "MiniBrowser",
    "webkitgtk:browserOptions": { binary: findMiniBrowser(), args: ["--automation"] },
  });
  const session = await new Builder()
    .usingServer(`http://127.0.0.1:${port}`)
    .withCapabilities(capabilities)
    .build();
  let isFirst = true;
  return {
    name: "WebKit",
    errors: [],
    async newTab() {
      if (!isFirst) await session.switchTo().newWindow("window");
      isFirst = false;
      return toTab(session, await session.getWindowHandle());
    },
    async close() {
      await session.quit().catch(() => {});
      process.kill(-(driver.pid ?? 0), "SIGTERM");
      await once(driver, "exit");
    },
  };
}

function toTab(session: WebDriver, handle: string): Tab {
  const show = () => session.switchTo().window(handle);
  return {
    async goto(url) {
      await show();
      await session.get(url);
    },
    async reload() {
      await show();
      await session.navigate().refresh();
    },
    async back() {
      await show();
      await session.navigate().back();
    },
    async run(body) {
      await show();
      return session.executeScript(body);
    },
  };
}

async function startWebKitDriver(port: number): Promise<ChildProcess> {
  const args = ["-a", WEBKIT_DRIVER, `--port=${port}`, "--host=127.0.0.1"];
  const driver = spawn("xvfb-run", args, {
    // Its sandbox refuses to run as root, as in a container.
    env: { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" },
    detached: true,
    stdio: "ignore",
  });
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/status`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (await isReady()) return driver;
    await sleep(ATTEMPT_MS);
  }
  throw new Error("WebKitWebDriver did not start.");
}

/** Its folder carries a version: webkit2gtk-4.1, say. */
function findMiniBrowser(): string {
  const [folder] = readdirSync(LIBRARIES).filter((name) =>
    existsSync(join(LIBRARIES, name, "MiniBrowser")),
  );
  if (folder === undefined) throw new Error(`No MiniBrowser in ${LIBRARIES}.`);
  return join(LIBRARIES, folder, "MiniBrowser");
}
