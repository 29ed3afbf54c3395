import type { Entry } from "./timeline.ts";

/** What stands above each entry: a new day by Ably's clock, where I joined, or the first unseen. */
export function dividersOf(
  entries: Entry[],
  firstUnseenKey: string | undefined,
): (string | undefined)[] {
  let day: string | undefined;
  let wasHistory = false;
  return entries.map((entry) => {
    const previousDay = day;
    if (entry.kind === "line" && entry.timestamp !== undefined) {
      day = new Date(entry.timestamp).toDateString();
    }
    const isHistory = entry.kind === "line" && entry.isHistory;
    const isFirstAfterHistory = wasHistory && !isHistory;
    wasHistory = isHistory;
    if (entry.key === firstUnseenKey) return "New";
    if (isFirstAfterHistory) return "You joined";
    return previousDay !== undefined && day !== previousDay ? day : undefined;
  });
}
