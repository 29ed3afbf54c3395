/** The messages of the room and the notices between them, in Ably's order. */
import type { MessageName, Payloads } from "../../realtime/contract.ts";
import type { ErrorInfo } from "../../realtime/error-info.ts";
import { type Member, type RoomMessage, type Unsent, messageKey } from "../../realtime/room.ts";
import { type Words, describeUnknown, toJson } from "./words.ts";

export type Line = {
  kind: "line";
  key: string;
  id: string;
  clientId: string;
  /** In ms since the epoch, by Ably's clock. Undefined until Ably has delivered the message. */
  timestamp?: number;
  isMine: boolean;
  isHistory: boolean;
  text: string;
  /** The message has no type that this page knows: `text` is its raw data. */
  isUnknown: boolean;
  delivery: "waiting" | "publishing" | "delivered" | "failed";
  error?: ErrorInfo | undefined;
  /** False if a reload would lose it. */
  isStored: boolean;
  raw?: unknown;
};

export type Notice = { kind: "notice"; key: string; words: Words };

export type Entry = Line | Notice;

export type Timeline = {
  entries: Entry[];
  dropped: number;
};

export const MAX_LINES = 500;
/** Counted apart, so that visitors who come and go do not push messages out. */
const MAX_NOTICES = 100;

export const emptyTimeline: Timeline = { entries: [], dropped: 0 };

/** Adds lines at the end. A line that is there already stays as it is. */
export function addLines(timeline: Timeline, lines: Line[]): Timeline {
  const known = new Set(timeline.entries.map(({ key }) => key));
  const added = lines.filter(({ key }) => !known.has(key));
  if (added.length === 0) return timeline;
  const { entries, dropped } = limit([...timeline.entries, ...added]);
  return { entries, dropped: timeline.dropped + dropped };
}

/** Adds notices at the end, in place of earlier ones with the same key. */
export function addNotices(timeline: Timeline, notices: Notice[]): Timeline {
  if (notices.length === 0) return timeline;
  const keys = new Set(notices.map(({ key }) => key));
  const others = timeline.entries.filter(({ key }) => !keys.has(key));
  const { entries, dropped } = limit([...others, ...notices]);
  return { entries, dropped: timeline.dropped + dropped };
}

function limit(entries: Entry[]): Timeline {
  const lines = entries.filter(({ kind }) => kind === "line").length;
  let linesToDrop = Math.max(0, lines - MAX_LINES);
  let noticesToDrop = Math.max(0, entries.length - lines - MAX_NOTICES);
  const dropped = linesToDrop;
  if (linesToDrop + noticesToDrop === 0) return { entries, dropped };
  const kept = entries.filter(({ kind }) => {
    return kind === "line" ? --linesToDrop < 0 : --noticesToDrop < 0;
  });
  return { entries: kept, dropped };
}

export function readLine(message: RoomMessage, myClientId: string): Line {
  const { id, key, clientId, timestamp, isHistory, content, raw } = message;
  return {
    kind: "line",
    key,
    id,
    clientId,
    timestamp,
    isHistory,
    isMine: clientId === myClientId,
    text: content ? readText(content.data) : describeUnknown(raw.name, raw.data),
    isUnknown: !content,
    delivery: "delivered",
    isStored: true,
    raw,
  };
}

export function readUnsent(unsent: Unsent, clientId: string): Line {
  const { id, data, state, error, isStored } = unsent;
  return {
    kind: "line",
    key: messageKey(clientId, id),
    id,
    clientId,
    isMine: true,
    isHistory: false,
    text: readText(data),
    isUnknown: false,
    delivery: state,
    error,
    isStored,
  };
}

/** How a message reads. A type of your own shows as JSON until you add it here. */
export function readText(data: Payloads[MessageName]): string {
  if ("text" in data) return data.text;
  return "message" in data ? data.message : toJson(data);
}

export function gapNotice(now: number): Notice {
  const words = ["The connection was not resumed. Messages may be missing here."];
  return { kind: "notice", key: `gap ${now}`, words };
}

/** Members who joined or left between two presence lists. A second tab is no second person. */
export function presenceNotices(before: Member[], after: Member[]): Notice[] {
  const joined = missingFrom(before, after).map((member) => toNotice(member, " joined"));
  const left = missingFrom(after, before).map((member) => toNotice(member, " left"));
  return [...joined, ...left];
}

function missingFrom(others: Member[], members: Member[]): Member[] {
  const known = new Set(others.map(({ clientId }) => clientId));
  const missing = members.filter(({ clientId }) => !known.has(clientId));
  return [...new Map(missing.map((member) => [member.clientId, member])).values()];
}

function toNotice({ clientId, name }: Member, verb: string): Notice {
  return { kind: "notice", key: `presence ${clientId}`, words: [{ name }, verb] };
}
