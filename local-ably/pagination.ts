/** Lists of Ably's REST API, a page at a time. */
import { assert } from "./error.ts";
import type { Message } from "./protocol.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/**
 * `serial` sorts as text in the order of the list, and is unique in it. `read` returns what the
 * client gets, if that is not the message itself. It is called for one page only.
 */
export type Item = { serial: string; message: Message; read?: () => Message };

/** One page of a list (oldest first). https://ably.com/docs/api/rest-api#pagination */
export function paginate(items: Item[], path: string, query: URLSearchParams, order = "backwards") {
  const limit = Number(query.get("limit") || DEFAULT_LIMIT);
  const start = Number(query.get("start") || 0);
  const end = Number(query.get("end") || Infinity);
  const direction = query.get("direction") ?? order;
  const cursor = query.get("cursor");
  const isBackwards = direction === "backwards";
  const isLimit = Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT;
  assert(isLimit, 40003, `limit must be a whole number from 1 to ${MAX_LIMIT}.`);
  assert(start <= end, 40003, "start and end must be ms, and start no later than end.");
  assert(isBackwards || direction === "forwards", 40003, "Set direction to forwards or backwards.");
  // Serials of messages start with that of their channel.
  const until = query.get("from_serial") ?? query.get("fromSerial");
  assert(until === null || /^\d+-\d+@/.test(until), 40003, "from_serial is not a channel serial.");

  const found = items
    .filter(({ message: { timestamp } }) => timestamp >= start && timestamp <= end)
    .filter(({ serial }) => until === null || serial.slice(0, until.length) <= until)
    .filter(({ serial }) => cursor === null || (isBackwards ? serial < cursor : serial > cursor));
  if (isBackwards) found.reverse();
  const page = found.slice(0, limit);
  const links = [link(path, query, "first"), link(path, query, "current", cursor)];
  if (found.length > limit) links.push(link(path, query, "next", page.at(-1)?.serial));
  const body = page.map(({ message, read }) => read?.() ?? message);
  return { headers: { link: links.join(", ") }, body };
}

/** Clients split the header at commas, and ably-js does not decode `+`. */
function link(path: string, query: URLSearchParams, rel: string, cursor?: string | null): string {
  const params = new URLSearchParams(query);
  params.delete("cursor");
  if (cursor) params.set("cursor", cursor);
  return `<./${path.split("/").at(-1)}?${String(params).replaceAll("+", "%20")}>; rel="${rel}"`;
}
