/** Runs schedules, and makes the shortest one of each that breaks a promise. */
import { runSchedule } from "./run.ts";
import { type Action, createSchedule, describeSchedule } from "./schedule.ts";

/** A test that only asks whether a fault is found saves the time. */
const SHRINKS = process.env.SHRINK !== "no";

/**
 * Returns undefined if each promise held, else a report: what was broken, and the shortest schedule
 * that still breaks something. A schedule that breaks nothing the second time is not counted.
 */
export async function findFault(seed: number): Promise<string | undefined> {
  const schedule = createSchedule(seed);
  const broken = await runSchedule(schedule, seed);
  if (broken.length === 0) return undefined;
  if ((await runSchedule(schedule, seed)).length === 0) {
    console.warn(`Seed ${seed} broke something once, and not again:\n${broken.join("\n")}`);
    return undefined;
  }
  const shortest = SHRINKS ? await shrink(schedule, seed) : schedule;
  return report(await runSchedule(shortest, seed), shortest, seed);
}

/** As `findFault`, for a schedule that is short already. */
export async function findFaultOf(schedule: Action[], seed: number): Promise<string | undefined> {
  const broken = await runSchedule(schedule, seed);
  return broken.length > 0 ? report(broken, schedule, seed) : undefined;
}

function report(broken: string[], schedule: Action[], seed: number): string {
  return `${broken.join("\n")}\n\nThe schedule, with seed ${seed}:\n${describeSchedule(schedule)}`;
}

/** Leaves out one action after another, as long as something is still broken. */
async function shrink(schedule: Action[], seed: number): Promise<Action[]> {
  let shortest = schedule;
  for (let index = schedule.length - 1; index >= 0; index--) {
    const shorter = shortest.filter((_action, other) => other !== index);
    if ((await runSchedule(shorter, seed)).length > 0) shortest = shorter;
  }
  return shortest;
}
