import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Retry } from "../../src/realtime/retry.ts";

let runs: number[];
let retry: Retry;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  runs = [];
  retry = new Retry(() => runs.push(Date.now()), 1_000, 8_000);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets it run and wait this often, and returns the waits in ms. */
function waits(count: number): number[] {
  const from = Date.now();
  runs = [];
  for (let i = 0; i < count; i++) {
    retry.later();
    vi.runOnlyPendingTimers();
  }
  return runs.map((time, index) => time - (runs[index - 1] ?? from));
}

it("waits up to twice as long each time, to a limit, and at least half of that", () => {
  const longest = [1_000, 2_000, 4_000, 8_000, 8_000];
  const measured = waits(longest.length);
  expect(measured).toHaveLength(longest.length);
  for (const [index, ms] of measured.entries()) {
    expect(ms).toBeGreaterThanOrEqual((longest[index] ?? 0) / 2);
    expect(ms).toBeLessThanOrEqual(longest[index] ?? 0);
  }
});

it("does not wait equally long on all pages", () => {
  const first = Array.from({ length: 20 }, () => {
    retry.reset();
    return waits(1)[0];
  });
  expect(new Set(first).size).toBeGreaterThan(10);
});

it("waits once, however often it is asked", () => {
  retry.later();
  retry.later();
  vi.runAllTimers();
  expect(runs).toHaveLength(1);
});

it("does not run once it is stopped, and starts with the shortest wait after a reset", () => {
  retry.later();
  expect(retry.isWaiting).toBe(true);
  retry.stop();
  vi.runAllTimers();
  expect(runs).toEqual([]);
  waits(5);
  retry.reset();
  expect(waits(1)[0]).toBeLessThanOrEqual(1_000);
});
