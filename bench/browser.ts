import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium } from "playwright-core";

const PLACES = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

export function findChromium(): string | undefined {
  return PLACES.find((path) => path && existsSync(path));
}

/** Ably's own host names lead to a port of this machine, whose certificate is as good as any. */
export function chromiumArgs(ablyPort: number): string[] {
  const rules = ["*.ably.net", "*.ably-realtime.com"].map(
    (host) => `MAP ${host} 127.0.0.1:${ablyPort}`,
  );
  return [
    // No sandbox for root in a container; the rest keeps Chromium from calling home.
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--ignore-certificate-errors",
    `--host-resolver-rules=${rules.join(",")}`,
  ];
}

export function launch(executablePath: string, ablyPort: number): Promise<Browser> {
  return chromium.launch({ executablePath, args: chromiumArgs(ablyPort) });
}

/** With a profile of its own. A private window, as `launch` gives, opens no connection ahead. */
export function launchAsNew(executablePath: string, ablyPort: number): Promise<BrowserContext> {
  return chromium.launchPersistentContext("", { executablePath, args: chromiumArgs(ablyPort) });
}
