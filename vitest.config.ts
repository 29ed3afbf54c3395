import { defineConfig } from "vitest/config";
import { findChromium } from "./tests/browser/chromium.ts";

const hasBrowser = findChromium() !== undefined;
if (!hasBrowser) {
  console.warn(
    "Skipping the browser tests: no Chromium found. Install Chrome or Chromium (Debian: apt-get install chromium), or set CHROMIUM to its path.",
  );
}

export default defineConfig({
  test: {
    setupFiles: ["tests/setup.ts"],
    // Its own second is short for a page on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    // Most of a browser test is waiting: leave no core to look on.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        define: { __LOCAL_ABLY__: false },
        test: {
          name: "unit",
          include: ["tests/{function,realtime,demo,project,bench,docs,live}/**/*.test.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "local-ably",
          include: ["local-ably/tests/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      // CI asks for these whether or not a browser is found: there a missing one is a failure.
      ...(hasBrowser || process.env.CI
        ? [
            {
              extends: true as const,
              test: {
                name: "browser",
                include: ["tests/browser/**/*.test.ts"],
                testTimeout: 60_000,
                hookTimeout: 90_000,
              },
            },
            {
              extends: true as const,
              test: {
                name: "soak",
                include: ["tests/soak/**/*.test.ts"],
                testTimeout: 180_000,
                hookTimeout: 90_000,
              },
            },
          ]
        : []),
    ],
  },
});
