import { defineConfig } from "vitest/config";
import { findChromium } from "./tests/support/chromium.ts";
import { hasLocalAbly } from "./tests/support/local-ably.ts";

const hasBrowser = findChromium() !== undefined;

if (!hasLocalAbly) {
  console.warn("Left out: tests that need Ably, because local-ably/ is not here.");
} else if (!hasBrowser) {
  console.warn(
    "Left out: browser tests, because no Chromium was found. Install Chrome or Chromium (Debian: apt-get install chromium), or set CHROMIUM to its path.",
  );
}

// In CI a missing browser fails the tests.
const runsBrowserTests = hasLocalAbly && (hasBrowser || process.env.CI);

const shared = {
  // Each file has a worker of its own. A thread starts faster than a process.
  pool: "threads",
  setupFiles: ["tests/support/setup.ts"],
  // The default of one second is too short for a page on a busy machine.
  expect: { poll: { timeout: 15_000 } },
  // The default of five seconds is too short for some tests over a real socket.
  testTimeout: 20_000,
  // The default of ten seconds is too short to start local Ably on a busy machine.
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    passWithNoTests: true,
    // Two for each core of a small machine: most tests wait for a server or a page.
    maxWorkers: 4,
    // The tests use the page's Ably client in Node, over real sockets.
    onConsoleLog: (log) => !log.includes("this distribution of Ably is intended for browsers"),
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          // A test that changes the time zone needs a process.
          pool: "forks",
          // For Node 20, where this is developed too.
          execArgv: ["--experimental-websocket"],
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/**/*.browser.test.ts"],
        },
      },
      {
        test: {
          ...shared,
          name: "browser",
          include: runsBrowserTests ? ["tests/**/*.browser.test.ts"] : [],
          globalSetup: ["tests/support/shared.ts"],
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
