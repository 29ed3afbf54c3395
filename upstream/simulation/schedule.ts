/** Schedules of what people and networks do, made from a seed. The same seed makes the same schedule. */
export type Action = {
  name: (typeof NAMES)[number];
  /** Which tab, as a number that is taken modulo the number of tabs. */
  tab: number;
  /** How long, how often or how far, as the action reads it: 0 to 1. */
  size: number;
};

/** Each name as often as it should come. */
const NAMES = [
  "send",
  "send",
  "send",
  "burst",
  "burst",
  "wait",
  "wait",
  "long wait",
  "cut",
  "down",
  "up",
  "up",
  "swallow",
  "swallow, then down",
  "crash and come back",
  "reload",
  "duplicate",
  "reopen",
  "restart",
  "refuse messages",
  "refuse the connection",
  "go and come back",
  "sleep",
  "set the clock",
  "forget",
  "detach",
  "fail the room",
  "refuse presence",
  "fill the storage",
  "rename",
] as const;

/** https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 (public domain) */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function createSchedule(seed: number, length = 16): Action[] {
  const random = createRandom(seed);
  return Array.from({ length }, () => ({
    name: NAMES[Math.floor(random() * NAMES.length)] ?? "wait",
    tab: Math.floor(random() * 1_000),
    size: Math.round(random() * 100) / 100,
  }));
}

export function describeSchedule(schedule: Action[]): string {
  return schedule.map(({ name, tab, size }) => `  ${name} (tab ${tab}, ${size})`).join("\n");
}
