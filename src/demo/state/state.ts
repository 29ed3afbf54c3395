/** Everything on screen, as data, and how each event changes it. No DOM and no network here. */
import type { ConnectionStatus } from "../../realtime/connect.ts";
import { DEFAULT_ROOM } from "../../realtime/contract.ts";
import type { ErrorInfo } from "../../realtime/errors.ts";
import type { Identity } from "../../realtime/identity.ts";
import {
  type Member,
  type RoomMessage,
  type RoomStatus,
  type Unsent,
  messageKey,
} from "../../realtime/room.ts";
import type { TokenStep } from "../../realtime/token-requests.ts";
import {
  type Diagram,
  afterConnection,
  afterPageLoad,
  afterRoom,
  afterTokenStep,
  initialDiagram,
} from "./diagram.ts";
import { type Appearances, appearanceOf, updateAppearances } from "./people.ts";
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
  diagram: Diagram;
  members: Member[];
  appearances: Appearances;
  timeline: Timeline;
  /** My messages that Ably has not delivered back yet. They stand below the timeline. */
  pending: Line[];
  /** The end of the list is in view, and stays there. */
  isFollowing: boolean;
  /** Messages that arrived while the end was out of view. */
  unseen: { count: number; firstKey?: string };
  log: LogEntry[];
};

/** One state change of the connection or the room. */
export type LogEntry = { timestamp: number; text: string };

export type DemoEvent = { now: number } & (
  | { type: "page-loaded"; ms: number }
  | { type: "connection"; status: ConnectionStatus }
  | { type: "channel"; status: RoomStatus }
  | { type: "token"; step: TokenStep }
  | { type: "transport"; name: string }
  | { type: "round-trip"; ms: number }
  | { type: "members"; members: Member[] }
  | { type: "messages"; messages: RoomMessage[] }
  | { type: "unsent"; unsent: Unsent[] }
  | { type: "renamed"; name: string }
  | { type: "scrolled"; isAtEnd: boolean }
  | { type: "tick" }
);

const MAX_LOG_ENTRIES = 200;

export function initialState(me: Identity, room: string | undefined, now: number): State {
  return {
    me,
    room: room ?? DEFAULT_ROOM,
    isRoomInvalid: room === undefined,
    now,
    connection: { state: "initialized", isRenewal: false },
    channel: { state: "initialized", isContinuous: true },
    diagram: initialDiagram,
    members: [],
    appearances: new Map(),
    timeline: emptyTimeline,
    pending: [],
    isFollowing: true,
    unseen: { count: 0 },
    log: [],
  };
}

export function reduce(before: State, event: DemoEvent): State {
  const state = { ...before, now: event.now };
  const { diagram, now } = state;
  switch (event.type) {
    case "page-loaded":
      return { ...state, diagram: afterPageLoad(diagram, event.ms) };
    case "connection":
      return afterConnectionStatus(state, event.status);
    case "channel":
      return afterRoomStatus(state, event.status);
    case "token":
      return { ...state, diagram: afterTokenStep(diagram, event.step, now) };
    case "transport":
      return { ...state, diagram: { ...diagram, transport: event.name } };
    case "round-trip":
      return { ...state, diagram: { ...diagram, roundTripMs: event.ms } };
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

function afterConnectionStatus(state: State, status: ConnectionStatus): State {
  if (status.isRenewal) return log(state, `connection ${status.state}`, status.error);
  // A new attempt carries no error: until it has ended, the last one still explains the state.
  const isAttempt = status.state === "connecting";
  const connection = isAttempt ? { ...state.connection, state: status.state } : status;
  const diagram = afterConnection(state.diagram, status, state.now);
  return log({ ...state, connection, diagram }, `connection ${status.state}`, status.error);
}

function afterRoomStatus(before: State, status: RoomStatus): State {
  const { isContinuous, error } = status;
  const text = `room ${status.state}${isContinuous ? "" : ", messages may be missing"}`;
  const state = { ...before, diagram: afterRoom(before.diagram, status, before.now) };
  // After a dropped connection the room reattaches by itself. It is no news unless that fails.
  if (status.state === "attaching" && state.channel.state === "attached") {
    return log(state, text, error);
  }
  const after = isContinuous ? state : afterGap(state);
  return log({ ...after, channel: status }, text, error);
}

/** What Ably acknowledged before the gap may never be delivered back: it stands above the notice. */
function afterGap(state: State): State {
  const delivered = state.pending.filter(({ delivery }) => delivery === "delivered");
  const timeline = addNotices(addLines(state.timeline, delivered), [gapNotice(state.now)]);
  const pending = state.pending.filter(({ delivery }) => delivery !== "delivered");
  return { ...state, timeline, pending };
}

/** Nobody "joins" or "leaves" when it is I who come or go. */
function afterMembers(state: State, members: Member[]): State {
  const appearances = updateAppearances(state.appearances, members, () => inView(state));
  const after = { ...state, members, appearances };
  const includesMe = (list: Member[]) =>
    list.some(({ clientId }) => clientId === state.me.clientId);
  if (!includesMe(state.members) || !includesMe(members)) return after;
  const notices = presenceNotices(state.members, members);
  return { ...after, timeline: addNotices(state.timeline, notices) };
}

/** Members and authors, some of them more than once. */
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
    .map(({ clientId }) => ({ clientId, name: clientId }));
  const after = {
    ...state,
    timeline: addLines(state.timeline, lines),
    appearances: updateAppearances(state.appearances, strangers, () => inView(state)),
    pending: state.pending.filter(({ key }) => !keys.has(key)),
    diagram: { ...state.diagram, received: state.diagram.received + live },
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
    // Whoever sends wants to see it.
    isFollowing: state.isFollowing || isNew,
    unseen: isNew ? { count: 0 } : state.unseen,
    diagram: { ...state.diagram, sent: state.diagram.sent + sent },
  };
}

function afterScroll(state: State, isAtEnd: boolean): State {
  const unseen = isAtEnd ? { count: 0 } : state.unseen;
  return { ...state, isFollowing: isAtEnd, unseen };
}

function log(state: State, what: string, error: ErrorInfo | undefined): State {
  const text = error ? `${what}: ${error.message} (${error.code})` : what;
  const entries = [...state.log, { timestamp: state.now, text }];
  return { ...state, log: entries.slice(-MAX_LOG_ENTRIES) };
}

/** What the list shows, in order. */
export function entriesOf({ timeline, pending }: State): Entry[] {
  return [...timeline.entries, ...pending];
}

/** The name to show for a client ID. */
export function nameOf({ me, appearances }: State, clientId: string): string {
  return clientId === me.clientId ? me.name : appearanceOf(clientId, appearances).name;
}
