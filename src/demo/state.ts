/** Everything on screen, as data, and how each event changes it. No DOM and no network here. */
import type { ConnectionStatus } from "../realtime/connect.ts";
import type { Identity } from "../realtime/identity.ts";
import type { Member, RoomMessage, RoomStatus } from "../realtime/room.ts";

/** A message in the list: one that came, or one of mine that is on its way. */
export type Line = {
  id: string;
  clientId: string;
  timestamp: number;
  isMine: boolean;
  isHistory: boolean;
  text: string;
  /** The message fits no type that this page knows: `text` is its raw data. */
  isRaw: boolean;
  delivery: "sending" | "delivered" | "failed";
};

export type State = {
  me: Identity;
  room: string;
  connection: ConnectionStatus;
  channel: RoomStatus;
  members: Member[];
  lines: Line[];
  /** Messages that arrived before those in `lines`, and were let go. */
  forgotten: number;
  /** Messages may have been missed: the connection was away for too long. */
  hasGap: boolean;
};

export type DemoEvent =
  | { type: "connection"; status: ConnectionStatus }
  | { type: "channel"; status: RoomStatus }
  | { type: "members"; members: Member[] }
  | { type: "message"; message: RoomMessage }
  | { type: "sending"; id: string; text: string; timestamp: number }
  | { type: "delivered"; id: string }
  | { type: "failed"; id: string };

/** More lines than this make a page slow and help nobody. */
export const MAX_LINES = 500;

export function initialState(me: Identity, room: string): State {
  return {
    me,
    room,
    connection: { state: "initialized", isTokenFault: false },
    channel: { state: "initialized", isContinuous: true },
    members: [],
    lines: [],
    forgotten: 0,
    hasGap: false,
  };
}

export function reduce(state: State, event: DemoEvent): State {
  switch (event.type) {
    case "connection":
      return { ...state, connection: keepFault(state.connection, event.status) };
    case "channel":
      return {
        ...state,
        channel: event.status,
        hasGap: state.hasGap || !event.status.isContinuous,
      };
    case "members":
      return { ...state, members: event.members };
    case "message":
      return putLine(state, readLine(event.message, state.me));
    case "sending": {
      const { id, text, timestamp } = event;
      const mine = { clientId: state.me.clientId, isMine: true, isHistory: false, isRaw: false };
      return putLine(state, { id, text, timestamp, ...mine, delivery: "sending" });
    }
    case "delivered":
    case "failed":
      return {
        ...state,
        lines: state.lines.map((line) =>
          line.id === event.id && line.delivery === "sending"
            ? { ...line, delivery: event.type }
            : line,
        ),
      };
    default:
      return event satisfies never;
  }
}

/** A new attempt carries no reason: until it has ended, what was wrong still is. */
function keepFault(before: ConnectionStatus, now: ConnectionStatus): ConnectionStatus {
  return now.state === "connecting" ? { ...before, state: now.state } : now;
}

/** The echo of a line takes the line's place: Ably says when it was sent, and it keeps its order. */
function putLine(state: State, line: Line): State {
  const others = state.lines.filter(({ id }) => id !== line.id);
  const lines = [...others, line];
  const excess = Math.max(0, lines.length - MAX_LINES);
  return { ...state, lines: lines.slice(excess), forgotten: state.forgotten + excess };
}

function readLine(message: RoomMessage, me: Identity): Line {
  const { id, clientId, timestamp, isHistory, content } = message;
  return {
    id,
    clientId,
    timestamp,
    isHistory,
    isMine: clientId === me.clientId,
    text: content ? readText(content) : describeRaw(message),
    isRaw: !content,
    delivery: "delivered",
  };
}

function readText(content: NonNullable<RoomMessage["content"]>): string {
  return content.name === "chat-message" ? content.data.text : content.data.message;
}

/** Whatever else was published here, so that it can be seen and does no harm. */
function describeRaw({ name, data }: RoomMessage): string {
  return `${name || "(no name)"}: ${stringify(data)}`;
}

function stringify(data: unknown): string {
  if (typeof data === "string") return data;
  try {
    return JSON.stringify(data) ?? String(data);
  } catch {
    return "(data that cannot be shown)";
  }
}

/** The person's own display name, as presence tells it, or the clientId of someone who has left. */
export function nameOf(state: State, clientId: string): string {
  if (clientId === state.me.clientId) return state.me.name;
  return state.members.find((member) => member.clientId === clientId)?.name ?? clientId;
}

export type Person = { clientId: string; name: string; tabs: number; isMe: boolean };

/** One entry for each clientId, however many connections it is here with. I come first. */
export function people({ members, me }: State): Person[] {
  const found = new Map<string, Person>();
  for (const { clientId, name } of members) {
    const known = found.get(clientId);
    const isMe = clientId === me.clientId;
    found.set(clientId, { clientId, name, isMe, tabs: (known?.tabs ?? 0) + 1 });
  }
  return [...found.values()].toSorted(
    (a, b) => Number(b.isMe) - Number(a.isMe) || a.name.localeCompare(b.name),
  );
}
