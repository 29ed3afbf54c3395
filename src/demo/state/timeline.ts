/** SHOWN. The messages of the room and the notices between them, in Ably's order. */
import type { Chat } from "../../app.ts";
import {
  type Content,
  type ErrorInfo,
  type RoomMessage,
  type Unsent,
  messageKey,
} from "../../realtime/index.ts";
import { type Visit, describeVisits, mergeVisits } from "./visits.ts";
import { type Words, describeUnknown } from "./words.ts";

export type Line = {
  kind: "line";
  key: string;
  id: string;
  clientId: string;
  /** In ms since the epoch, by Ably's clock. Undefined if Ably has not delivered the message. */
  timestamp?: number;
  isMine: boolean;
  isHistory: boolean;
  text: string;
  /** The message has no type that this page knows: `text` is its raw data. */
  isUnknown: boolean;
  /** `acknowledged`: also each message that Ably has delivered. */
  delivery: Unsent<Chat>["delivery"];
  waitsFor?: Unsent<Chat>["waitsFor"];
  error?: ErrorInfo | undefined;
  /** False if a reload would lose it. */
  isStored: boolean;
  /** It has left this page at least once. */
  wasPublished?: boolean | undefined;
  raw?: unknown;
};

type Notice = { kind: "notice"; key: string; about: "gap" | Visit[] };

export type Entry = Line | Notice;

export type Timeline = {
  entries: Entry[];
  /** Earlier lines are gone. */
  isCut: boolean;
};

export const MAX_LINES = 500;
/** Counted apart, so that visitors who come and go do not push messages out. */
const MAX_NOTICES = 100;

export const emptyTimeline: Timeline = { entries: [], isCut: false };

/**
 * Adds lines at the end. A line that is there already stays as it is, unless Ably delivers it only
 * now: then it moves to its place in Ably's order.
 */
export function addLines(timeline: Timeline, lines: Line[]): Timeline {
  const keys = new Set(lines.map(({ key }) => key));
  const entries = timeline.entries.filter((entry) => "timestamp" in entry || !keys.has(entry.key));
  const known = new Set(entries.map(({ key }) => key));
  const added = lines.filter(({ key }) => !known.has(key));
  return added.length === 0 ? timeline : append({ ...timeline, entries }, added);
}

export function addGap(timeline: Timeline, now: number): Timeline {
  return append(timeline, [{ kind: "notice", key: `gap ${now}`, about: "gap" }]);
}

/** Adds them to the last notice, or as a new one. Each person is in one notice at most. */
export function addVisits(timeline: Timeline, visits: Visit[]): Timeline {
  if (visits.length === 0) return timeline;
  const last = timeline.entries.at(-1);
  const earlier = last?.kind === "notice" && last.about !== "gap" ? last.about : undefined;
  const moved = new Set(visits.map(({ clientId }) => clientId));
  const others = (earlier ? timeline.entries.slice(0, -1) : timeline.entries).flatMap((entry) =>
    entry.kind === "notice" && entry.about !== "gap" ? without(entry.about, moved, entry) : [entry],
  );
  const notice = toNotice(mergeVisits(earlier ?? [], visits));
  return append({ ...timeline, entries: others }, [notice]);
}

function without(visits: Visit[], moved: Set<string>, notice: Notice): Notice[] {
  const left = visits.filter(({ clientId }) => !moved.has(clientId));
  if (left.length === visits.length) return [notice];
  return left.length === 0 ? [] : [toNotice(left)];
}

function toNotice(visits: Visit[]): Notice {
  return { kind: "notice", key: `presence ${visits[0]?.clientId}`, about: visits };
}

function append(timeline: Timeline, added: Entry[]): Timeline {
  const entries = [...timeline.entries, ...added];
  const lines = entries.filter(({ kind }) => kind === "line");
  const notices = entries.filter(({ kind }) => kind === "notice");
  const dropped = lines.slice(0, -MAX_LINES);
  const gone = new Set([...dropped, ...notices.slice(0, -MAX_NOTICES)]);
  return {
    entries: entries.filter((entry) => !gone.has(entry)),
    isCut: timeline.isCut || dropped.length > 0,
  };
}

/** @param nameOf How a person is called now, which may be another name than when they came. */
export function describeNotice({ about }: Notice, nameOf: (clientId: string) => string): Words {
  if (about !== "gap") return describeVisits(about, nameOf);
  return ["The connection was not resumed. Messages may be missing here."];
}

/** Returns undefined for a message that is no line. */
export function readLine(message: RoomMessage<Chat>, myClientId: string): Line | undefined {
  const { id, key, clientId, timestamp, isHistory, content, raw } = message;
  const text = content ? readText(content) : describeUnknown(raw.name, raw.data);
  if (text === undefined) return undefined;
  return {
    kind: "line",
    key,
    id,
    clientId,
    timestamp,
    isHistory,
    isMine: clientId === myClientId,
    text,
    isUnknown: !content,
    delivery: "acknowledged",
    isStored: true,
    raw,
  };
}

export function readUnsent(unsent: Unsent<Chat>, clientId: string): Line | undefined {
  const { id, delivery, waitsFor, error, isStored } = unsent;
  const text = readText(unsent);
  if (text === undefined) return undefined;
  return {
    kind: "line",
    key: messageKey(clientId, id),
    id,
    clientId,
    isMine: true,
    isHistory: false,
    text,
    isUnknown: false,
    delivery,
    waitsFor,
    error,
    isStored,
  };
}

/** How a message reads in the list. A type that is not named here is no line. */
function readText(content: Content<Chat>): string | undefined {
  switch (content.name) {
    case "chat-message":
      return content.data.text;
    case "hello-world-message":
      return content.data.message;
    default:
      return undefined;
  }
}
