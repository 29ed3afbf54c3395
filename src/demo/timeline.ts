/** The list of the room, as data: messages, and who came and went between them. */
import type { MessageName, Payloads } from "../realtime/contract.ts";
import type { Fault } from "../realtime/fault.ts";
import type { Member, RoomMessage } from "../realtime/room.ts";

/** A message: one that came, or one of mine that is on its way. */
export type Line = {
  kind: "line";
  id: string;
  clientId: string;
  timestamp: number;
  isMine: boolean;
  isHistory: boolean;
  text: string;
  /** The message fits no type that this page knows: `text` is its raw data. */
  isRaw: boolean;
  delivery: "sending" | "delivered" | "failed";
  /** Why it failed. */
  fault?: Fault;
  /** The exact message, once it has come from Ably. */
  raw?: unknown;
};

/** Somebody came or went, or something was missed. */
export type Notice = { kind: "notice"; id: string; timestamp: number; text: string };

export type Entry = Line | Notice;

export type Timeline = {
  entries: Entry[];
  /** How many older ones were let go. */
  forgotten: number;
};

/** More than this makes a page slow and helps nobody. */
export const MAX_ENTRIES = 500;

/** The echo of a line takes the line's place, with the time that Ably gave it, and comes last. */
export function put({ entries, forgotten }: Timeline, ...added: Entry[]): Timeline {
  const keys = new Set(added.map(keyOf));
  const all = [...entries.filter((entry) => !keys.has(keyOf(entry))), ...added];
  const excess = Math.max(0, all.length - MAX_ENTRIES);
  return { entries: all.slice(excess), forgotten: forgotten + excess };
}

/** Publishers choose the ids of messages: one may be like a notice's. */
export function keyOf({ kind, id }: Entry): string {
  return kind + id;
}

export function change(timeline: Timeline, id: string, update: (line: Line) => Line): Timeline {
  const entries = timeline.entries.map((entry) =>
    entry.kind === "line" && entry.id === id ? update(entry) : entry,
  );
  return { ...timeline, entries };
}

export function readLine(message: RoomMessage, myClientId: string): Line {
  const { id, clientId, timestamp, isHistory, content, raw } = message;
  return {
    kind: "line",
    id,
    clientId,
    timestamp,
    isHistory,
    isMine: clientId === myClientId,
    text: content ? readText(content.data) : describeRaw(message),
    isRaw: !content,
    delivery: "delivered",
    raw,
  };
}

/** A type of your own is shown as its data, unless you say here how. */
export function readText(data: Payloads[MessageName]): string {
  if ("text" in data) return data.text;
  return "message" in data ? data.message : toJson(data);
}

/** Whatever else was published here, so that it can be seen and does no harm. */
function describeRaw({ raw: { name, data } }: RoomMessage): string {
  return `${name || "(no name)"}: ${typeof data === "string" ? data : toJson(data)}`;
}

/** JSON for people to read, of anything. Never throws. */
export function toJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent) ?? String(value);
  } catch {
    return "(data that cannot be shown)";
  }
}

/** Stands where the connection was away. What Ably still had of that time comes after it. */
export function gapNotice(timestamp: number): Notice {
  return {
    kind: "notice",
    id: `gap:${timestamp}`,
    timestamp,
    text: "The connection could not be taken up again: some messages may be missing here.",
  };
}

/**
 * Who came and who went between two lists, by clientId: a second tab is no second person. Of each
 * person only the last is kept, so that nobody can fill the list by coming and going.
 */
export function noticesOf(before: Member[], after: Member[], timestamp: number): Notice[] {
  const came = only(after, before).map((member) => toNotice(member, "joined", timestamp));
  const went = only(before, after).map((member) => toNotice(member, "left", timestamp));
  return [...came, ...went];
}

function only(members: Member[], others: Member[]): Member[] {
  const known = new Set(others.map(({ clientId }) => clientId));
  const found = new Map<string, Member>();
  for (const member of members) if (!known.has(member.clientId)) found.set(member.clientId, member);
  return [...found.values()];
}

function toNotice({ clientId, name }: Member, verb: string, timestamp: number): Notice {
  return {
    kind: "notice",
    id: `presence:${clientId}`,
    timestamp,
    text: `${name} ${verb}`,
  };
}

/** What stands between an entry and the one before it, if anything. */
export function dividerBetween(
  before: Entry | undefined,
  entry: Entry,
  firstUnseenId: string | undefined,
): string | undefined {
  if (entry.id === firstUnseenId) return "New";
  if (before && isHistory(before) && !isHistory(entry)) return "You came here";
  const day = new Date(entry.timestamp).toDateString();
  if (before && new Date(before.timestamp).toDateString() !== day) return day;
  return undefined;
}

function isHistory(entry: Entry): boolean {
  return entry.kind === "line" && entry.isHistory;
}
