import { afterEach, beforeEach, expect, vi } from "vitest";
import { clearEnvironment } from "./environment.ts";

clearEnvironment();

/** As vite.config.ts defines them. Without `__DEPLOY_CONTEXT__`, the page is in production. */
Object.assign(globalThis, { __LOCAL_ABLY__: false, __ABLY_KEY_NAME__: "" });

/** A test that expects console.error says so: `vi.mocked(console.error).mockClear()` at its end. */
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
  const calls = vi.mocked(console.error).mock.calls;
  vi.restoreAllMocks();
  expect(calls, "console.error was called").toEqual([]);
});
