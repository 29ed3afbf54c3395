import { defineConfig } from "vitest/config";
import { findChromium } from "./tests/support/chromium.ts";

const hasBrowser = findChromium() !== undefined;
if (!hasBrowser) {
  console.warn(
    "Skipping the browser tests: no Chromium found. Install Chrome or Chromium (Debian: apt-get install chromium), or set CHROMIUM to its path.",
  );
}

export default defineConfig({
  test: {
    setupFiles: ["tests/support/setup.ts"],
    // The default of one second is too short for a page on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    // Browser tests mostly wait, so they can share the cores.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        define: { __LOCAL_ABLY__: false },
        test: {
          name: "unit",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/**/*.browser.test.ts"],
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
      // In CI a missing browser is a failure, so the browser tests always run there.
      ...(hasBrowser || process.env.CI
        ? [
            {
              extends: true as const,
              test: {
                name: "browser",
                include: ["tests/**/*.browser.test.ts"],
                testTimeout: 60_000,
                hookTimeout: 90_000,
              },
            },
          ]
        : []),
    ],
  },
});
