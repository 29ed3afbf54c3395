/** SHOWN. The messages of the room and the notices between them, in Ably's order. */
import type { Chat } from "../../app.ts";
import {
  type Content,
  type ErrorInfo,
  type RoomMessage,
  type Unsent,
  messageKey,
} from "../../realtime/index.ts";
import { type Words, describeUnknown } from "./words.ts";

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
  delivery: Unsent<Chat>["delivery"];
  waitsFor?: Unsent<Chat>["waitsFor"];
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
  const lines = entries.filter(({ kind }) => kind === "line");
  const notices = entries.filter(({ kind }) => kind === "notice");
  const dropped = lines.slice(0, -MAX_LINES);
  const gone = new Set([...dropped, ...notices.slice(0, -MAX_NOTICES)]);
  const kept = gone.size === 0 ? entries : entries.filter((entry) => !gone.has(entry));
  return { entries: kept, dropped: dropped.length };
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
    delivery: "delivered",
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
export function readText(content: Content<Chat>): string | undefined {
  switch (content.name) {
    case "chat-message":
      return content.data.text;
    case "hello-world-message":
      return content.data.message;
    default:
      return undefined;
  }
}

export function gapNotice(now: number): Notice {
  const words = ["The connection was not resumed. Messages may be missing here."];
  return { kind: "notice", key: `gap ${now}`, words };
}

/** Members who joined or left between two presence lists. A second tab is no second person. */
export function presenceNotices(before: Person[], after: Person[]): Notice[] {
  const joined = missingFrom(before, after).map((person) => toNotice(person, " joined"));
  const left = missingFrom(after, before).map((person) => toNotice(person, " left"));
  return [...joined, ...left];
}

type Person = { clientId: string; name: string };

function missingFrom(others: Person[], people: Person[]): Person[] {
  const known = new Set(others.map(({ clientId }) => clientId));
  return people.filter(({ clientId }) => !known.has(clientId));
}

function toNotice({ clientId, name }: Person, verb: string): Notice {
  return { kind: "notice", key: `presence ${clientId}`, words: [{ name }, verb] };
}
