import { check } from "./error.ts";
import type { Message } from "./message.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** `serial` sorts as text in the order of the list, and tells one item from every other. */
type Item = { serial: string; message: Message };

/**
 * One page of a list that is given oldest first, for `start`, `end`, `limit`, `direction` and
 * `from_serial`, with the Link header by which clients find the next. Throws 40003.
 * https://ably.com/docs/api/rest-api#pagination
 */
export function paginate(items: Item[], path: string, query: URLSearchParams) {
  const limit = Number(query.get("limit") || DEFAULT_LIMIT);
  const start = Number(query.get("start") || 0);
  const end = Number(query.get("end") || Infinity);
  const isLimit = Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT;
  check(isLimit, 40003, `The parameter limit must be a whole number from 1 to ${MAX_LIMIT}.`);
  check(start <= end, 40003, "The parameters start and end must be ms, and start no later.");
  const direction = query.get("direction") ?? "backwards";
  const isDirection = direction === "backwards" || direction === "forwards";
  check(isDirection, 40003, "The parameter direction must be backwards or forwards.");

  // A channel's serial, with which the serials of its messages begin.
  const until = query.get("from_serial") ?? query.get("fromSerial");
  const isSerial = until === null || /^\d+-\d+@/.test(until);
  check(isSerial, 40003, "The parameter from_serial is not a channel's serial.");
  const cursor = query.get("cursor");
  const isBackwards = direction === "backwards";
  // Not by its place: what stood there may be gone by now.
  const asked = items
    .filter(({ message: { timestamp } }) => timestamp >= start && timestamp <= end)
    .filter(({ serial }) => until === null || serial.slice(0, until.length) <= until)
    .filter(({ serial }) => cursor === null || (isBackwards ? serial < cursor : serial > cursor));
  if (isBackwards) asked.reverse();
  const page = asked.slice(0, limit);

  const links = [link(path, query, "first"), link(path, query, "current", cursor)];
  if (asked.length > limit) links.push(link(path, query, "next", page.at(-1)?.serial));
  return { headers: { link: links.join(", ") }, body: page.map(({ message }) => message) };
}

/** Relative, without commas, at which clients split the header, and without `+`, which ably-js keeps. */
function link(path: string, query: URLSearchParams, rel: string, cursor?: string | null): string {
  const params = new URLSearchParams(query);
  params.delete("cursor");
  if (cursor) params.set("cursor", cursor);
  return `<./${path.split("/").at(-1)}?${String(params).replaceAll("+", "%20")}>; rel="${rel}"`;
}
