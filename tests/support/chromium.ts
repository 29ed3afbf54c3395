import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  // Edge is Chromium too, and every Windows has it.
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** No sandbox for root in a container; the rest keeps Chromium from calling home. */
export const CHROMIUM_ARGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"];

export function findChromium(): string | undefined {
  return PLACES.find((path) => path && existsSync(path));
}

/** Ably's own host names lead to a port of this machine, whose certificate is as good as any. */
export function argsForAbly(port: number): string[] {
  const hosts = ["*.ably.net", "*.ably-realtime.com"];
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1:${port}`).join(",");
  return ["--ignore-certificate-errors", `--host-resolver-rules=${rules}`];
}

/** Starts the Chromium that was found. Throws a sentence that says how to get one. */
export function launchChromium(args: string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error("No Chromium found: install Chrome or Chromium, or set CHROMIUM to its path.");
  }
  // Playwright turns the back/forward cache off, which everyone has.
  const ignoreDefaultArgs = ["--disable-back-forward-cache"];
  return chromium.launch({ executablePath, args: [...CHROMIUM_ARGS, ...args], ignoreDefaultArgs });
}
