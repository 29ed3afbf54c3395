/** SHOWN. Everything on screen, as data, and how each event changes it. No DOM and no network here. */
import type { Chat } from "../../app.ts";
import {
  type ConnectionStatus,
  type ConnectionStep,
  type Identity,
  type Member,
  type RoomMessage,
  type RoomStatus,
  type Unsent,
  cleanName,
} from "../../realtime/index.ts";
import { type Appearances, appearanceOf, updateAppearances } from "./appearances.ts";
import { NOBODY, namesOf } from "./people.ts";
import {
  type Entry,
  type Line,
  MAX_LINES,
  type Timeline,
  addLines,
  addNotices,
  emptyTimeline,
  gapNotice,
  presenceNotices,
  readLine,
  readUnsent,
} from "./timeline.ts";

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
  timeline: Timeline;
  /** My messages that Ably has not delivered back yet. They stand below the timeline. */
  pending: Line[];
  /** The end of the list is in view, and stays there. */
  isFollowing: boolean;
  /** Messages that arrived while the end was out of view. */
  unseen: { count: number; firstKey?: string };
  /** What happened to the connection, oldest first: for the diagram and the log. */
  trace: TraceEntry[];
  sent: number;
  received: number;
};

export type TraceEntry = { number: number; timestamp: number; event: TraceEvent };

export type TraceEvent =
  | { type: "step"; step: ConnectionStep }
  | { type: "room"; status: RoomStatus }
  | { type: "round-trip"; ms: number };

/** `now`: when it happened, in ms since the epoch. */
type Stamped<Event> = Event & { now: number };

/** What happens in the room and on the way to it. */
export type SessionEvent = Stamped<
  | TraceEvent
  | { type: "connection"; status: ConnectionStatus }
  | { type: "members"; members: Member<Chat>[] }
  | { type: "messages"; messages: RoomMessage<Chat>[] }
  | { type: "unsent"; unsent: Unsent<Chat>[] }
  | { type: "renamed"; name: string }
>;

export type DemoEvent =
  | SessionEvent
  | Stamped<{ type: "scrolled"; isAtEnd: boolean } | { type: "tick" }>;

const MAX_TRACE_ENTRIES = 200;

export function initialState(me: Identity, isRoomInvalid: boolean, now: number): State {
  return {
    me,
    isRoomInvalid,
    now,
    connection: { state: "initialized" },
    room: { state: "initialized", isContinuous: true },
    members: [],
    appearances: new Map(),
    timeline: emptyTimeline,
    pending: [],
    isFollowing: true,
    unseen: { count: 0 },
    trace: [],
    sent: 0,
    received: 0,
  };
}

export function reduce(before: State, event: DemoEvent): State {
  const state = { ...before, now: event.now };
  switch (event.type) {
    case "step":
    case "round-trip":
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
      return { ...state, me: { ...state.me, name: event.name } };
    case "scrolled":
      return afterScroll(state, event.isAtEnd);
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
  // After a dropped connection the room reattaches by itself. Only a failure is worth a notice.
  if (status.state === "attaching" && state.room.state === "attached") return state;
  return { ...(status.isContinuous ? state : afterGap(state)), room: status };
}

/** Acknowledged messages may never come back after a gap, so they go above the notice. */
function afterGap(state: State): State {
  const delivered = state.pending.filter(({ delivery }) => delivery === "delivered");
  const timeline = addNotices(addLines(state.timeline, delivered), [gapNotice(state.now)]);
  const pending = state.pending.filter(({ delivery }) => delivery !== "delivered");
  return { ...state, timeline, pending };
}

/** Adds no notices when this page itself enters or leaves. */
function afterMembers(state: State, members: Member<Chat>[]): State {
  const [before, people] = [namesOf(state.members), namesOf(members)];
  const appearances = updateAppearances(state.appearances, people, () => inView(state));
  const after = { ...state, members, appearances };
  const includesMe = (list: Member<Chat>[]) =>
    list.some(({ clientId }) => clientId === state.me.clientId);
  if (!includesMe(state.members) || !includesMe(members)) return after;
  return { ...after, timeline: addNotices(state.timeline, presenceNotices(before, people)) };
}

function inView({ members, timeline }: State): string[] {
  const authors = timeline.entries.flatMap((entry) => {
    return entry.kind === "line" ? entry.clientId : [];
  });
  return [...members.map(({ clientId }) => clientId), ...authors];
}

function afterMessages(state: State, messages: RoomMessage<Chat>[]): State {
  // Thousands can arrive at once, and the list keeps only the last of them.
  const lines = messages
    .slice(-MAX_LINES)
    .map((message) => readLine(message, state.me.clientId))
    .filter((line) => line !== undefined);
  const keys = new Set(messages.map(({ key }) => key));
  const live = messages.filter(({ isHistory }) => !isHistory).length;
  const strangers = lines
    .filter(({ clientId }) => !state.appearances.has(clientId))
    .map(({ clientId }) => ({ clientId, name: cleanName(clientId) ?? NOBODY }));
  const after = {
    ...state,
    timeline: addLines(state.timeline, lines),
    appearances: updateAppearances(state.appearances, strangers, () => inView(state)),
    pending: state.pending.filter(({ key }) => !keys.has(key)),
    received: state.received + live,
  };
  const [firstOfOthers, ...rest] = lines.filter(({ isMine }) => !isMine);
  if (state.isFollowing || !firstOfOthers) return after;
  const { count, firstKey = firstOfOthers.key } = state.unseen;
  return { ...after, unseen: { count: count + 1 + rest.length, firstKey } };
}

/** Ably may have delivered a message back before it acknowledges it: then it is in the timeline. */
function afterUnsent(state: State, unsent: Unsent<Chat>[]): State {
  const arrived = new Set(state.timeline.entries.map(({ key }) => key));
  const pending = unsent
    .map((message) => readUnsent(message, state.me.clientId))
    .filter((line) => line !== undefined && !arrived.has(line.key)) as Line[];
  const known = new Set(state.pending.map(({ key }) => key));
  const added = pending.filter(({ key }) => !known.has(key));
  const isNew = added.some(({ delivery }) => delivery === "waiting" || delivery === "publishing");
  return {
    ...state,
    pending,
    // After sending, people want to see their message.
    isFollowing: state.isFollowing || isNew,
    unseen: isNew ? { count: 0 } : state.unseen,
    sent: state.sent + added.length,
  };
}

function afterScroll(state: State, isAtEnd: boolean): State {
  const unseen = isAtEnd ? { count: 0 } : state.unseen;
  return { ...state, isFollowing: isAtEnd, unseen };
}

export function entriesOf({ timeline, pending }: State): Entry[] {
  return [...timeline.entries, ...pending];
}

export function nameOf({ me, appearances }: State, clientId: string): string {
  return clientId === me.clientId ? me.name : appearanceOf(clientId, appearances).name;
}
