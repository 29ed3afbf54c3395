import { afterEach, beforeEach, expect, vi } from "vitest";
import { clearEnvironment } from "./environment.ts";

clearEnvironment();

/** What vite.config.ts defines for the page. */
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
