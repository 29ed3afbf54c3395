/** SHOWN. Everything on screen, as data, and how each event changes it. No DOM and no network here. */
import type { Chat } from "../../app.ts";
import type {
  ConnectionStatus,
  Identity,
  Member,
  RoomMessage,
  RoomStatus,
  Unsent,
} from "../../realtime/index.ts";
import { type Appearances, updateAppearances } from "./appearances.ts";
import { type Claims, namesOfAuthors, updateClaims, without } from "./claims.ts";
import { opensAgain } from "./connection.ts";
import type { DemoEvent, TraceEntry, TraceEvent } from "./events.ts";
import { namesOf } from "./people.ts";
import {
  type Entry,
  type Line,
  MAX_LINES,
  type Timeline,
  addGap,
  addLines,
  addVisits,
  emptyTimeline,
  readLine,
  readUnsent,
} from "./timeline.ts";
import { visitsBetween } from "./visits.ts";

export type { DemoEvent, TraceEntry, TraceEvent } from "./events.ts";

export type State = {
  me: Identity;
  /** The link named an invalid room, so this is the default one. */
  isRoomInvalid: boolean;
  /** ms since the epoch, as of the last event. */
  now: number;
  connection: ConnectionStatus;
  room: RoomStatus;
  members: Member<Chat>[];
  appearances: Appearances;
  /** The names in messages of people who were never in the list of members. */
  claims: Claims;
  timeline: Timeline;
  /** What was sent before this page came is here. */
  hasHistory: boolean;
  /** My messages that Ably has not delivered back yet. They stand below the timeline. */
  pending: Line[];
  /** The end of the list is in view, and stays there. */
  isFollowing: boolean;
  /** This tab is in the background. */
  isHidden: boolean;
  /** Messages that arrived out of view. The first of them stays marked after it was seen. */
  unseen: { count: number; firstKey?: string | undefined };
  /** A part of the page could not be loaded: the site may have a new version. */
  isPartMissing: boolean;
  /** What happened to the connection, oldest first: for the diagram and the log. */
  trace: TraceEntry[];
  /** How long the last ping took to Ably and back. */
  roundTripMs?: number;
  sent: number;
  received: number;
};

const MAX_TRACE_ENTRIES = 200;
const MAX_CLAIMS = 2 * MAX_LINES;

export function initialState(me: Identity, isRoomInvalid: boolean, now: number): State {
  return {
    me,
    isRoomInvalid,
    now,
    connection: { state: "initialized" },
    room: { state: "initialized", isContinuous: true },
    members: [],
    appearances: new Map(),
    claims: new Map(),
    timeline: emptyTimeline,
    hasHistory: false,
    pending: [],
    isFollowing: true,
    isHidden: false,
    unseen: { count: 0 },
    isPartMissing: false,
    trace: [],
    sent: 0,
    received: 0,
  };
}

export function reduce(before: State, event: DemoEvent): State {
  const state = { ...before, now: event.now };
  switch (event.type) {
    case "step":
      return trace(state, event);
    case "room":
      return afterRoomStatus(trace(state, event), event.status);
    case "connection":
      return { ...state, connection: event.status };
    case "members":
      return afterMembers(state, event.members);
    case "messages":
      return afterMessages(state, event.messages);
    case "unsent":
      return afterUnsent(state, event.unsent);
    case "renamed":
      return withNamesOfAuthors({ ...state, me: { ...state.me, name: event.name } });
    case "scrolled":
      return afterReading({ ...state, isFollowing: event.isAtEnd });
    case "hidden":
      return afterHidden(state, event.isHidden);
    case "part-missing":
      return { ...state, isPartMissing: true };
    case "round-trip":
      return { ...state, roundTripMs: event.ms };
    case "tick":
      return state;
    default:
      return event satisfies never;
  }
}

function trace(state: State, event: TraceEvent): State {
  const number = (state.trace.at(-1)?.number ?? 0) + 1;
  const entries = [...state.trace, { number, timestamp: state.now, event }];
  return { ...state, trace: entries.slice(-MAX_TRACE_ENTRIES) };
}

function afterRoomStatus(state: State, status: RoomStatus): State {
  if (opensAgain(state.room.state, status.state)) return state;
  // Ably refuses to list this page in a room that is full, but has delivered the history.
  const isRefused = status.state === "attached" && status.error !== undefined;
  const hasHistory = state.hasHistory || isRefused;
  return { ...(status.isContinuous ? state : afterGap(state)), room: status, hasHistory };
}

/** Acknowledged messages may never come back after a gap, so they go above the notice. */
function afterGap(state: State): State {
  const acknowledged = state.pending.filter(({ delivery }) => delivery === "acknowledged");
  const timeline = addGap(addLines(state.timeline, acknowledged), state.now);
  const pending = state.pending.filter(({ delivery }) => delivery !== "acknowledged");
  return { ...state, timeline, pending };
}

/** Adds no notice when this page itself enters or leaves. */
function afterMembers(before: State, members: Member<Chat>[]): State {
  const [earlier, people] = [namesOf(before.members), namesOf(members)];
  const ids = new Set(people.map(({ clientId }) => clientId));
  const appearances = updateAppearances(before.appearances, people, () => inView(before));
  const changed = { ...before, members, appearances, claims: without(before.claims, ids) };
  const state = appearances === before.appearances ? changed : withNamesOfAuthors(changed);
  if (!ids.has(before.me.clientId)) return state;
  // Ably delivers what came before this page before it lists the page.
  const after = { ...state, hasHistory: true };
  if (!earlier.some(({ clientId }) => clientId === before.me.clientId)) return after;
  return { ...after, timeline: addVisits(before.timeline, visitsBetween(earlier, people)) };
}

/** A name from the list of members always counts, and a name from a message may not repeat it. */
function withNamesOfAuthors(before: State): State {
  if (before.claims.size === 0) return before;
  const state = before.claims.size > MAX_CLAIMS ? forgetAuthors(before) : before;
  const { claims, me } = state;
  const known = [...state.appearances]
    .filter(([clientId]) => !claims.has(clientId) && clientId !== me.clientId)
    .map(([clientId, { name }]) => ({ clientId, name }));
  const names = namesOfAuthors(claims, [me, ...known]);
  const appearances = updateAppearances(state.appearances, names, () => inView(state));
  return { ...state, appearances };
}

/** Forgets those of whom nothing is shown any more. */
function forgetAuthors(state: State): State {
  const shown = new Set(inView(state));
  const gone = new Set([...state.claims.keys()].filter((clientId) => !shown.has(clientId)));
  const { claims, appearances } = state;
  return { ...state, claims: without(claims, gone), appearances: without(appearances, gone) };
}

function inView({ members, timeline }: State): string[] {
  const shown = timeline.entries.flatMap((entry) => {
    if (entry.kind === "line") return entry.clientId;
    return entry.about === "gap" ? [] : entry.about.map(({ clientId }) => clientId);
  });
  return [...members.map(({ clientId }) => clientId), ...shown];
}

function afterMessages(before: State, messages: RoomMessage<Chat>[]): State {
  // One line more than the list keeps tells it that it is cut.
  const lines = messages
    .flatMap((message) => readLine(message, before.me.clientId) ?? [])
    .slice(-MAX_LINES - 1);
  const lineKeys = new Set(lines.map(({ key }) => key));
  const shown = messages.filter(({ key }) => lineKeys.has(key));
  const keys = new Set(messages.map(({ key }) => key));
  const live = messages.filter(({ isHistory }) => !isHistory).length;
  const state = {
    ...before,
    claims: updateClaims(before.claims, shown, ({ clientId }) => isKnown(before, clientId)),
    timeline: addLines(before.timeline, lines),
    pending: before.pending.filter(({ key }) => !keys.has(key)),
    received: before.received + live,
  };
  const after = state.claims === before.claims ? state : withNamesOfAuthors(state);
  const news = lines.filter(({ isMine, isHistory }) => !isMine && !isHistory);
  if (news.length === 0 || (state.isFollowing && !state.isHidden)) return after;
  const { count, firstKey } =
    state.unseen.count > 0 ? state.unseen : { count: 0, firstKey: news[0]?.key };
  return { ...after, unseen: { count: count + news.length, firstKey } };
}

/** Presence has shown how this person is called. */
function isKnown({ me, claims, appearances }: State, clientId: string): boolean {
  return clientId === me.clientId || (appearances.has(clientId) && !claims.has(clientId));
}

/** Shows what is unsent, without what is in the timeline already: Ably may deliver a message back first. */
function afterUnsent(state: State, unsent: Unsent<Chat>[]): State {
  const arrived = new Set(state.timeline.entries.map(({ key }) => key));
  const known = new Map(state.pending.map((line) => [line.key, line]));
  const pending = unsent.flatMap((message) => {
    const line = readUnsent(message, state.me.clientId);
    if (!line || arrived.has(line.key)) return [];
    const before = known.get(line.key);
    const isOut = line.delivery === "publishing" || line.delivery === "acknowledged";
    return keepEqual(before, { ...line, wasPublished: isOut || before?.wasPublished });
  });
  const added = pending.filter(({ key }) => !known.has(key));
  const published = pending.filter(({ wasPublished }) => wasPublished);
  const isNew = added.some(({ delivery }) => delivery === "waiting" || delivery === "publishing");
  return {
    ...state,
    pending,
    // After sending, people want to see their message.
    isFollowing: state.isFollowing || isNew,
    unseen: isNew ? { count: 0 } : state.unseen,
    sent: state.sent + published.filter(({ key }) => !known.get(key)?.wasPublished).length,
  };
}

/** A line that has not changed stays the same object: then it is not rendered again. */
function keepEqual(before: Line | undefined, line: Line): Line {
  const names = Object.keys(line) as (keyof Line)[];
  return before && names.every((name) => before[name] === line[name]) ? before : line;
}

function afterHidden(state: State, isHidden: boolean): State {
  // The mark of what was new before goes when the person does.
  const unseen = isHidden && state.unseen.count === 0 ? { count: 0 } : state.unseen;
  return afterReading({ ...state, isHidden, unseen });
}

function afterReading(state: State): State {
  const isRead = state.isFollowing && !state.isHidden;
  return isRead ? { ...state, unseen: { ...state.unseen, count: 0 } } : state;
}

export function entriesOf({ timeline, pending }: State): Entry[] {
  return [...timeline.entries, ...pending];
}
