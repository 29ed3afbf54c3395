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

export function findChromium(): string | undefined {
  return PLACES.find((path) => path && existsSync(path));
}

/** Starts the Chromium that was found. Throws a sentence that says how to get one. */
export function launchChromium(args: string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error("No Chromium found: install Chrome or Chromium, or set CHROMIUM to its path.");
  }
  return chromium.launch({
    executablePath,
    // No sandbox for root in a container; the rest keeps Chromium from calling home.
    args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", ...args],
  });
}
