/** Schedules that broke something once. */
import { afterEach, expect, it, vi } from "vitest";
import { stopTime } from "./clock.ts";

const PATIENCE_MS = 60_000;
const SEED = 1;

stopTime();
const { SCHEDULES } = await import("../../simulation/schedules.ts");
const { describeSchedule } = await import("../../simulation/schedule.ts");
const { runSchedule } = await import("../../simulation/run.ts");

// The SDK logs what it could not deliver.
afterEach(() => vi.mocked(console.error).mockClear());

it.each(Object.entries(SCHEDULES))(
  "nothing is lost, doubled or stuck when %s",
  { timeout: PATIENCE_MS },
  async (_name, schedule) => {
    const broken = await runSchedule(schedule, SEED);
    if (broken.length > 0) {
      expect.fail(`${broken.join("\n")}\n\nThe schedule:\n${describeSchedule(schedule)}`);
    }
  },
);
