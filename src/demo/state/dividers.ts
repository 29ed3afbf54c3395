/** SHOWN. What stands between lines of the list: a date, "You joined", "New". */
import type { Clock } from "./clock.ts";
import type { Entry, Line } from "./timeline.ts";

/** Later messages of the same person show their name and time again. */
const GROUP_MS = 5 * 60_000;

/**
 * What stands above each entry, or "": its day by Ably's clock, where I joined, where reading stopped.
 * @param now In ms since the epoch. The present day needs no divider at the beginning.
 */
export function dividersOf(
  entries: Entry[],
  firstUnseenKey: string | undefined,
  clock: Clock,
  now: number,
): string[] {
  let lastTime = now;
  let wasHistory = false;
  return entries.map((entry) => {
    const { timestamp = lastTime, isHistory = false } = entry.kind === "line" ? entry : {};
    const day = clock.isSameDay(timestamp, lastTime) ? "" : clock.day(timestamp);
    const place = wasHistory && !isHistory ? "You joined" : "";
    const mark = entry.key === firstUnseenKey ? "New" : place;
    lastTime = timestamp;
    wasHistory = isHistory;
    return [day, mark].filter((part) => part !== "").join(" · ");
  });
}

/** Whether each entry goes on what the same person said in the last minutes, with nothing between. */
export function continuationsOf(entries: Entry[], dividers: string[]): boolean[] {
  let first: Line | undefined;
  return entries.map((entry, index) => {
    if (!dividers[index] && first && continues(first, entry)) return true;
    first = entry.kind === "line" ? entry : undefined;
    return false;
  });
}

/** @param first The line that shows the name and the time. */
function continues(first: Line, entry: Entry): boolean {
  if (entry.kind !== "line" || entry.clientId !== first.clientId) return false;
  const { timestamp = first.timestamp ?? 0 } = entry;
  return Math.abs(timestamp - (first.timestamp ?? timestamp)) < GROUP_MS;
}
