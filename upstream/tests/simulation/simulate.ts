import { afterEach, expect, it, vi } from "vitest";
import { stopTime } from "./clock.ts";

const FIRST = Number(process.env.FIRST_SEED ?? 1);
const COUNT = Number(process.env.SEEDS ?? 200);
const PATIENCE_MS = 300_000;

/** Runs a test for each seed of one half. The variables FIRST_SEED and SEEDS choose others. */
export async function simulate(half: "odd" | "even"): Promise<void> {
  stopTime();
  const { findFault } = await import("../../simulation/find.ts");
  const seeds = Array.from({ length: COUNT }, (_, index) => FIRST + index);
  const mine = seeds.filter((seed) => seed % 2 === (half === "odd" ? 1 : 0));

  // The SDK logs what it could not deliver.
  afterEach(() => vi.mocked(console.error).mockClear());

  it.each(mine)(
    "nothing is lost, doubled or stuck with seed %i",
    { timeout: PATIENCE_MS },
    async (seed) => {
      const fault = await findFault(seed);
      if (fault !== undefined) expect.fail(fault);
    },
  );
}
