/** Everything on screen, as data, and how each event changes it. No DOM and no network here. */
import type { ConnectionStatus } from "../../realtime/connect.ts";
import { DEFAULT_ROOM, cleanName } from "../../realtime/contract.ts";
import type { Identity } from "../../realtime/identity.ts";
import {
  type Member,
  type RoomMessage,
  type RoomStatus,
  type Unsent,
  messageKey,
} from "../../realtime/room.ts";
import type { TokenStep } from "../../realtime/token-requests.ts";
import { type Appearances, appearanceOf, updateAppearances } from "./appearances.ts";
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
  room: string;
  /** The link named an invalid room, so this is the default one. */
  isRoomInvalid: boolean;
  /** ms since the epoch, as of the last event. */
  now: number;
  connection: ConnectionStatus;
  channel: RoomStatus;
  members: Member[];
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
  | { type: "connection"; status: ConnectionStatus }
  | { type: "channel"; status: RoomStatus }
  | { type: "token"; step: TokenStep }
  | { type: "transport"; name: string }
  | { type: "round-trip"; ms: number };

export type DemoEvent = { now: number } & (
  | TraceEvent
  | { type: "members"; members: Member[] }
  | { type: "messages"; messages: RoomMessage[] }
  | { type: "unsent"; unsent: Unsent[] }
  | { type: "renamed"; name: string }
  | { type: "scrolled"; isAtEnd: boolean }
  | { type: "tick" }
);

const MAX_TRACE_ENTRIES = 200;

export function initialState(me: Identity, room: string | undefined, now: number): State {
  return {
    me,
    room: room ?? DEFAULT_ROOM,
    isRoomInvalid: room === undefined,
    now,
    connection: { state: "initialized", isRenewal: false },
    channel: { state: "initialized", isContinuous: true },
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
    case "connection":
      return afterConnectionStatus(trace(state, event), event.status);
    case "channel":
      return afterRoomStatus(trace(state, event), event.status);
    case "token":
    case "transport":
    case "round-trip":
      return trace(state, event);
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

function afterConnectionStatus(state: State, status: ConnectionStatus): State {
  if (status.isRenewal) return state;
  // A new attempt carries no error: until it has ended, the last one still explains the state.
  const isAttempt = status.state === "connecting";
  return {
    ...state,
    connection: isAttempt ? { ...state.connection, state: status.state } : status,
  };
}

function afterRoomStatus(state: State, status: RoomStatus): State {
  // After a dropped connection the room reattaches by itself. Only a failure is worth a notice.
  if (status.state === "attaching" && state.channel.state === "attached") return state;
  return { ...(status.isContinuous ? state : afterGap(state)), channel: status };
}

/** Acknowledged messages may never come back after a gap, so they go above the notice. */
function afterGap(state: State): State {
  const delivered = state.pending.filter(({ delivery }) => delivery === "delivered");
  const timeline = addNotices(addLines(state.timeline, delivered), [gapNotice(state.now)]);
  const pending = state.pending.filter(({ delivery }) => delivery !== "delivered");
  return { ...state, timeline, pending };
}

/** Adds no notices when this page itself enters or leaves. */
function afterMembers(state: State, members: Member[]): State {
  const appearances = updateAppearances(state.appearances, members, () => inView(state));
  const after = { ...state, members, appearances };
  const includesMe = (list: Member[]) =>
    list.some(({ clientId }) => clientId === state.me.clientId);
  if (!includesMe(state.members) || !includesMe(members)) return after;
  const notices = presenceNotices(state.members, members);
  return { ...after, timeline: addNotices(state.timeline, notices) };
}

function inView({ members, timeline }: State): string[] {
  const authors = timeline.entries.flatMap((entry) => {
    return entry.kind === "line" ? entry.clientId : [];
  });
  return [...members.map(({ clientId }) => clientId), ...authors];
}

function afterMessages(state: State, messages: RoomMessage[]): State {
  // Thousands can arrive at once, and the list keeps only the last of them.
  const lines = messages.slice(-MAX_LINES).map((message) => readLine(message, state.me.clientId));
  const keys = new Set(messages.map(({ key }) => key));
  const live = messages.filter(({ isHistory }) => !isHistory).length;
  const strangers = lines
    .filter(({ clientId }) => !state.appearances.has(clientId))
    .map(({ clientId }) => ({ clientId, name: cleanName(clientId) ?? "(nobody)" }));
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

/** A message that has left the outbox was acknowledged. It stays until Ably delivers it back. */
function afterUnsent(state: State, unsent: Unsent[]): State {
  const { clientId } = state.me;
  const listed = new Set(unsent.map(({ id }) => messageKey(clientId, id)));
  const arrived = new Set(state.timeline.entries.map(({ key }) => key));
  const acknowledged = state.pending.flatMap((line): Line[] => {
    const isDiscarded = line.delivery === "failed";
    if (listed.has(line.key) || isDiscarded) return [];
    return [{ ...line, delivery: "delivered" }];
  });
  const waiting = unsent
    .map((message) => readUnsent(message, clientId))
    .filter(({ key }) => !arrived.has(key));
  const known = new Set(state.pending.map(({ key }) => key));
  const isNew = waiting.some(({ key, delivery }) => !known.has(key) && delivery !== "failed");
  const sent = waiting.filter(({ key }) => !known.has(key)).length;
  return {
    ...state,
    pending: [...acknowledged, ...waiting],
    // After sending, people want to see their message.
    isFollowing: state.isFollowing || isNew,
    unseen: isNew ? { count: 0 } : state.unseen,
    sent: state.sent + sent,
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
