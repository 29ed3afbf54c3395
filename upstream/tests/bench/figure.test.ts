import { expect, it } from "vitest";
import { formatTable, median, quantile } from "../../bench/figure.ts";

it("takes the median and the quantiles by rank, of samples in any order", () => {
  expect(median([30, 10, 20])).toBe(20);
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0.25, 0.5, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([26, 51, 100, 100]);
  expect(() => median([])).toThrow("no samples");
});

it("prints ours beside the reference, with both spreads and the ratio in bold", () => {
  const table = formatTable([
    { what: "Start", unit: "ms", ours: [12.34, 11, 15], reference: [50, 40, 49.36], beside: "x" },
    { what: "Weight", unit: "kB", ours: [1234.5] },
  ]);
  expect(table.split("\n").slice(2)).toEqual([
    "| Start (ms), beside x | 12.3 | 11–15 | 49.4 | 40–50 | **0.25** |",
    "| Weight (kB) | 1,230 | 1,230–1,230 |  |  |  |",
  ]);
});
