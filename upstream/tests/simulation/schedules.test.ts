/** Short schedules, each for a part of the code. See upstream/README.md. */
import { afterEach, expect, it, vi } from "vitest";
import { stopTime } from "./clock.ts";

const PATIENCE_MS = 60_000;
const SEED = 1;

stopTime();
const { SCHEDULES } = await import("../../simulation/schedules.ts");
const { findFaultOf } = await import("../../simulation/find.ts");

// The SDK logs what it could not deliver.
afterEach(() => vi.mocked(console.error).mockClear());

it.each(Object.entries(SCHEDULES))(
  "nothing is lost, doubled or stuck when %s",
  { timeout: PATIENCE_MS },
  async (_name, schedule) => {
    const fault = await findFaultOf(schedule, SEED);
    if (fault !== undefined) expect.fail(fault);
  },
);
