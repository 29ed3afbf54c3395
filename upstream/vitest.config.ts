import { defineConfig } from "vitest/config";

const shared = {
  setupFiles: ["../tests/support/setup.ts"],
  // The default of one second is too short for a page on a busy machine.
  expect: { poll: { timeout: 15_000 } },
  testTimeout: 60_000,
  hookTimeout: 90_000,
};

/** One `npm run dev` and one browser for all files. */
const globalSetup = ["../tests/support/shared.ts"];

export default defineConfig({
  test: {
    // Vitest would start fewer on a machine with two cores.
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: "project",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/{browser,local-ably,simulation,soak}/**"],
        },
      },
      {
        test: { ...shared, name: "local-ably", include: ["tests/local-ably/**/*.test.ts"] },
      },
      {
        test: {
          ...shared,
          name: "simulation",
          include: ["tests/simulation/**/*.test.ts"],
          execArgv: ["--experimental-websocket"],
        },
      },
      {
        test: { ...shared, name: "browser", include: ["tests/browser/**/*.test.ts"], globalSetup },
      },
      {
        test: {
          ...shared,
          name: "soak",
          // For Node 20, where this is developed too.
          execArgv: ["--experimental-websocket"],
          include: ["tests/soak/**/*.test.ts"],
          globalSetup,
          testTimeout: 180_000,
        },
      },
    ],
  },
});
