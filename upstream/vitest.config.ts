import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { __LOCAL_ABLY__: false },
  test: {
    setupFiles: ["../tests/support/setup.ts"],
    globalSetup: ["../tests/support/shared.ts"],
    // The default of one second is too short for a page on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "proof",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/soak/**"],
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
      {
        extends: true,
        test: {
          name: "soak",
          include: ["tests/soak/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
