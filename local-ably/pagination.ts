import { AblyError } from "./error.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

type Item<T> = { item: T; timestamp: number; serial: string };

/**
 * One page of a list that is given oldest first, for `start`, `end`, `limit`, `direction` and
 * `from_serial`, with the Link header by which ably-js finds the next. Throws 40000.
 */
export function paginate<T>(
  items: Item<T>[],
  { path, query }: { path: string[]; query: URLSearchParams },
  byDefault = "backwards",
): { headers: Record<string, string>; body: T[] } {
  const limit = readNumber(query, "limit", DEFAULT_LIMIT);
  if (limit < 1 || limit > MAX_LIMIT) throw invalid("limit", `from 1 to ${MAX_LIMIT}`);
  const start = readNumber(query, "start", 0);
  const end = readNumber(query, "end", Number.POSITIVE_INFINITY);
  if (start > end) throw invalid("start", "no later than end");
  const direction = query.get("direction") ?? byDefault;
  if (direction !== "backwards" && direction !== "forwards") {
    throw invalid("direction", "backwards or forwards");
  }

  // A channel's serial, with which the serials of its messages begin.
  const until = query.get("from_serial") ?? query.get("fromSerial");
  const asked = items.filter(
    ({ timestamp, serial }) =>
      timestamp >= start &&
      timestamp <= end &&
      (until === null || serial.slice(0, until.length) <= until),
  );
  if (direction === "backwards") asked.reverse();
  const cursor = query.get("cursor");
  const from = cursor === null ? 0 : asked.findIndex(({ serial }) => serial === cursor) + 1;
  const page = asked.slice(from, from + limit);

  const last = page.at(-1);
  const links = [link(path, query, "first"), link(path, query, "current", cursor ?? undefined)];
  if (last && from + limit < asked.length) links.push(link(path, query, "next", last.serial));
  return { headers: { link: links.join(", ") }, body: page.map(({ item }) => item) };
}

function link(path: string[], query: URLSearchParams, rel: string, cursor?: string): string {
  const params = new URLSearchParams(query);
  params.delete("cursor");
  if (cursor !== undefined) params.set("cursor", cursor);
  return `<./${path.at(-1)}?${params}>; rel="${rel}"`;
}

function readNumber(query: URLSearchParams, name: string, byDefault: number): number {
  const text = query.get(name);
  if (text === null || text === "") return byDefault;
  const value = Number(text);
  if (!Number.isInteger(value)) throw invalid(name, "a whole number");
  return value;
}

function invalid(name: string, wanted: string): AblyError {
  return new AblyError(40003, 400, `The parameter ${name} must be ${wanted}.`);
}
