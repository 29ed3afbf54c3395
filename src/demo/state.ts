/** Everything on screen, as data, and how each event changes it. No DOM and no network here. */
import type { ConnectionStatus } from "../realtime/connect.ts";
import { DEFAULT_ROOM } from "../realtime/contract.ts";
import type { Fault } from "../realtime/fault.ts";
import type { Identity } from "../realtime/identity.ts";
import type { Member, RoomMessage, RoomStatus } from "../realtime/room.ts";
import type { TokenStep } from "../realtime/token-requests.ts";
import { type Path, afterConnection, afterTokenStep, initialPath } from "./path.ts";
import {
  type Line,
  type Timeline,
  change,
  gapNotice,
  noticesOf,
  put,
  readLine,
} from "./timeline.ts";

export type State = {
  me: Identity;
  room: string;
  /** The link asked for a room whose name cannot be, so this is the default one. */
  wrongRoom: boolean;
  /** ms since the epoch, as of the last event: what the page counts from. */
  now: number;
  connection: ConnectionStatus;
  channel: RoomStatus;
  path: Path;
  members: Member[];
  /** Display names by clientId, of those who have left too: what they said is still there. */
  names: ReadonlyMap<string, string>;
  timeline: Timeline;
  /** The end of the list is in view, and the view goes with it. */
  isFollowing: boolean;
  /** Messages that came while it was not. */
  unseen: { count: number; firstId?: string };
  log: LogEntry[];
};

/** One state change of the connection or the channel. */
export type LogEntry = { timestamp: number; text: string };

export type DemoEvent = { now: number } & (
  | { type: "connection"; status: ConnectionStatus }
  | { type: "channel"; status: RoomStatus }
  | { type: "token"; step: TokenStep }
  | { type: "round-trip"; ms: number }
  | { type: "members"; members: Member[] }
  | { type: "message"; message: RoomMessage }
  | { type: "sending"; id: string; text: string }
  | { type: "delivered"; id: string }
  | { type: "failed"; id: string; fault: Fault }
  | { type: "renamed"; name: string }
  | { type: "scrolled"; isAtEnd: boolean }
  | { type: "tick" }
);

const MAX_LOG_ENTRIES = 200;

export function initialState(me: Identity, room: string | undefined, now: number): State {
  return {
    me,
    room: room ?? DEFAULT_ROOM,
    wrongRoom: room === undefined,
    now,
    connection: { state: "initialized", isTokenFault: false, isRenewal: false },
    channel: { state: "initialized", isContinuous: true },
    path: initialPath,
    members: [],
    names: new Map(),
    timeline: { entries: [], forgotten: 0 },
    isFollowing: true,
    unseen: { count: 0 },
    log: [],
  };
}

export function reduce(before: State, event: DemoEvent): State {
  const state = { ...before, now: event.now };
  switch (event.type) {
    case "connection":
      return afterConnectionStatus(state, event.status);
    case "channel":
      return afterRoomStatus(state, event.status);
    case "token":
      return { ...state, path: afterTokenStep(state.path, event.step) };
    case "round-trip":
      return { ...state, path: { ...state.path, roundTripMs: event.ms } };
    case "members":
      return afterMembers(state, event.members);
    case "message":
      return afterMessage(state, readLine(event.message, state.me.clientId));
    case "sending":
      return afterSending(state, event.id, event.text);
    case "delivered":
      return withLine(state, event.id, (line) => ({ ...line, delivery: "delivered" }));
    case "failed":
      // An answer that was lost after the echo had come is no failure.
      return withLine(state, event.id, (line) =>
        line.raw ? line : { ...line, delivery: "failed", fault: event.fault },
      );
    case "renamed":
      return { ...state, me: { ...state.me, name: event.name } };
    case "scrolled":
      return {
        ...state,
        isFollowing: event.isAtEnd,
        ...(event.isAtEnd && { unseen: { count: 0 } }),
      };
    case "tick":
      return state;
    default:
      return event satisfies never;
  }
}

function afterConnectionStatus(state: State, status: ConnectionStatus): State {
  if (status.isRenewal) return log(state, `connection ${status.state}`, status.fault);
  // A new attempt carries no reason: until it has ended, what was wrong still is.
  const isAttempt = status.state === "connecting";
  const connection = isAttempt ? { ...state.connection, state: status.state } : status;
  const path = afterConnection(state.path, status, state.now);
  return log({ ...state, connection, path }, `connection ${status.state}`, status.fault);
}

function afterRoomStatus(state: State, status: RoomStatus): State {
  const { isContinuous, fault } = status;
  const text = `room ${status.state}${isContinuous ? "" : ", messages may be missing"}`;
  // After a drop an open room is opened again by itself: no news unless that fails.
  if (status.state === "attaching" && state.channel.state === "attached") {
    return log(state, text, fault);
  }
  const timeline = isContinuous ? state.timeline : put(state.timeline, gapNotice(state.now));
  return log({ ...state, channel: status, timeline }, text, fault);
}

/** Nobody "joins" or "leaves" when it is I who come or go. */
function afterMembers(before: State, members: Member[]): State {
  const named = members.map(({ clientId, name }) => [clientId, name] as const);
  const state = { ...before, names: new Map([...before.names, ...named]) };
  const includesMe = (list: Member[]) =>
    list.some(({ clientId }) => clientId === state.me.clientId);
  if (!includesMe(state.members) || !includesMe(members)) return { ...state, members };
  const notices = noticesOf(state.members, members, state.now);
  if (notices.length === 0) return { ...state, members };
  return { ...state, members, timeline: put(state.timeline, ...notices) };
}

function afterMessage(state: State, line: Line): State {
  const received = state.path.received + (line.isHistory ? 0 : 1);
  const isUnseen = !state.isFollowing && !line.isMine;
  const { count, firstId = line.id } = state.unseen;
  return {
    ...state,
    timeline: put(state.timeline, line),
    path: { ...state.path, received },
    ...(isUnseen && { unseen: { count: count + 1, firstId } }),
  };
}

function afterSending(state: State, id: string, text: string): State {
  const line: Line = {
    kind: "line",
    id,
    text,
    clientId: state.me.clientId,
    timestamp: state.now,
    isMine: true,
    isHistory: false,
    isRaw: false,
    delivery: "sending",
  };
  const path = { ...state.path, sent: state.path.sent + 1 };
  return { ...state, path, timeline: put(state.timeline, line) };
}

function withLine(state: State, id: string, update: (line: Line) => Line): State {
  return { ...state, timeline: change(state.timeline, id, update) };
}

function log(state: State, what: string, fault: Fault | undefined): State {
  const text = fault ? `${what}: ${fault.message} (${fault.code})` : what;
  const entries = [...state.log, { timestamp: state.now, text }];
  return { ...state, log: entries.slice(-MAX_LOG_ENTRIES) };
}

/** The person's display name, as presence told it, or the clientId of someone who was never seen. */
export function nameOf({ me, names }: State, clientId: string): string {
  return clientId === me.clientId ? me.name : (names.get(clientId) ?? clientId);
}
