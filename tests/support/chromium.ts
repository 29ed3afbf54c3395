import { existsSync } from "node:fs";
import { type Browser, type BrowserServer, type LaunchOptions, chromium } from "playwright-core";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  // Edge is Chromium too, and every Windows has it.
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/**
 * Features that tests do not need. The first two load the list under the address bar for each page,
 * in a process of its own, which took more than half of the processor's time. The others are from
 * Playwright's own list, which this one replaces.
 */
const UNUSED_FEATURES = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "AimEnabled",
  "AutofillServerCommunication",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "OptimizationHints",
  "Translate",
];

/** Root in a container has no sandbox. `disable-background-networking` stops calls to Google. */
export const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-quic",
  "--disable-background-networking",
  `--disable-features=${UNUSED_FEATURES.join(",")}`,
];

/** Returns the path in `CHROMIUM`, or else the first place that has one. */
export function findChromium(): string | undefined {
  const { CHROMIUM } = process.env;
  return (CHROMIUM ? [CHROMIUM] : PLACES).find((path) => existsSync(path));
}

/** Flags that lead Ably's host names to a port of this machine, with any certificate. */
export function argsForAbly(port: number): string[] {
  const hosts = ["*.ably.net", "*.ably-realtime.com"];
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1:${port}`).join(",");
  return ["--ignore-certificate-errors", `--host-resolver-rules=${rules}`];
}

/** Playwright turns the back/forward cache off, but every visitor has it. */
const IGNORED_ARGS = ["--disable-back-forward-cache"];

function launchOptions(args: string[]): LaunchOptions {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error("No Chromium found: install Chrome or Chromium, or set CHROMIUM to its path.");
  }
  return { executablePath, args: [...CHROMIUM_ARGS, ...args], ignoreDefaultArgs: IGNORED_ARGS };
}

/** Launches the Chromium that was found. Throws if there is none. */
export function launchChromium(args: string[] = []): Promise<Browser> {
  return chromium.launch(launchOptions(args));
}

/** Launches a Chromium that several test files connect to. Throws if there is none. */
export function launchSharedChromium(): Promise<BrowserServer> {
  return chromium.launchServer(launchOptions([]));
}
