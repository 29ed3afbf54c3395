import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserServer, type LaunchOptions, chromium } from "playwright-core";

/** What Playwright finds by itself: Chrome, Edge, and the Chromium that it has downloaded. */
const CHANNELS = ["chrome", "msedge", "chromium"];

/** Names on the PATH. Snap and the packages of Linux distributions use them. */
const PROGRAMS = ["chromium", "chromium-browser", "google-chrome-stable"];

/** On a Mac, for everyone or for one user. */
const MAC_APP = "Applications/Chromium.app/Contents/MacOS/Chromium";

/**
 * Features that tests do not need. The first two load the list under the address bar for each page,
 * in a process of its own, which took more than half of the processor's time. The third starts a
 * process for a page that may never come. The others are from Playwright's own list, which this one
 * replaces.
 */
const UNUSED_FEATURES = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "SpareRendererForSitePerProcess",
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

/** Returns the path in `CHROMIUM`, or else of the first browser that is installed. */
export function findChromium({ CHROMIUM, PATH } = process.env): string | undefined {
  const apps = ["/", homedir()].map((folder) => join(folder, MAC_APP));
  const places = CHROMIUM ? [CHROMIUM] : [...placesOfPlaywright(), ...placesOnPath(PATH), ...apps];
  return places.find(isFile);
}

type Registry = { findExecutable(channel: string): { executablePath(): string | undefined } };

/** Playwright does not document this part. A test fails when an update of it changes this. */
export function placesOfPlaywright(): string[] {
  const bundle: unknown = createRequire(import.meta.url)("playwright-core/lib/coreBundle");
  const { registry } = bundle as { registry?: { registry?: Registry } };
  const paths = CHANNELS.map((name) => registry?.registry?.findExecutable(name).executablePath());
  return paths.filter((path) => path !== undefined);
}

export function placesOnPath(PATH = ""): string[] {
  const folders = PATH.split(delimiter);
  return PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program)));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
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
