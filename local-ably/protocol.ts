// https://sdk.ably.com/builds/ably/specification/main/features/#protocol-message, versions 1.2 and 2 to 6.
// OBJECT and OBJECT_SYNC are not implemented.
import { type AblyError, assert } from "./error.ts";
import { type Fields, isRecord, toText } from "./format.ts";

export const Action = {
  HEARTBEAT: 0,
  ACK: 1,
  NACK: 2,
  CONNECTED: 4,
  DISCONNECT: 5,
  DISCONNECTED: 6,
  CLOSE: 7,
  CLOSED: 8,
  ERROR: 9,
  ATTACH: 10,
  ATTACHED: 11,
  DETACH: 12,
  DETACHED: 13,
  PRESENCE: 14,
  MESSAGE: 15,
  SYNC: 16,
  AUTH: 17,
  ANNOTATION: 21,
  PING: 22,
  PONG: 23,
} as const;

export const Flag = {
  HAS_PRESENCE: 1 << 0,
  HAS_BACKLOG: 1 << 1,
  RESUMED: 1 << 2,
  ATTACH_RESUME: 1 << 5,
  PRESENCE: 1 << 16,
  PUBLISH: 1 << 17,
  SUBSCRIBE: 1 << 18,
  PRESENCE_SUBSCRIBE: 1 << 19,
  ANNOTATION_PUBLISH: 1 << 21,
  ANNOTATION_SUBSCRIBE: 1 << 22,
  OBJECT_SUBSCRIBE: 1 << 24,
  OBJECT_PUBLISH: 1 << 25,
} as const;

export const MessageAction = { CREATE: 0, UPDATE: 1, DELETE: 2, SUMMARY: 4, APPEND: 5 } as const;
export const PresenceAction = { ABSENT: 0, PRESENT: 1, ENTER: 2, LEAVE: 3, UPDATE: 4 } as const;
export const AnnotationAction = { CREATE: 0, DELETE: 1 } as const;

type Texts<Name extends string> = { [name in Name]?: string | undefined };

/** What a publisher decides about a message. */
export type Content = Texts<"id" | "name" | "clientId" | "encoding"> & {
  action?: number | undefined;
  data?: string | Uint8Array | undefined;
  extras?: Fields | undefined;
};
export type Operation = Texts<"clientId" | "description"> & { metadata?: Fields | undefined };
export type Version = Operation & { serial: string; timestamp: number };

type Origin = { id: string; connectionId: string | undefined; timestamp: number };
/** A message or a presence message. All versions of a message have the same serial. */
export type Message = Content &
  Origin &
  Texts<"serial"> & {
    version?: Version | undefined;
    annotations?: { summary: Record<string, object> } | undefined;
  };
export type Subject = { messageSerial: string; type: string; count: number | undefined };
export type Annotation = Message & Subject;

/** A serial sorts as text in the order of the channel. */
type Place = { channel: string; channelSerial: string };

/** One publish on a channel: the frame that subscribers receive, and what the channel keeps. */
export type Entry = Origin &
  Place & {
    action: typeof Action.MESSAGE | typeof Action.PRESENCE | typeof Action.ANNOTATION;
    messages?: Message[] | undefined;
    presence?: Message[] | undefined;
    annotations?: Annotation[] | undefined;
  };

type Frame<Name extends keyof typeof Action, Body = unknown> = {
  action: (typeof Action)[Name];
  error?: AblyError | undefined;
} & Body;

export type ServerFrame =
  | Entry
  | Frame<"DETACHED" | "ERROR", { channel: string }>
  | Frame<"HEARTBEAT" | "PING", { id?: string | undefined }>
  | Frame<"ACK" | "NACK", { msgSerial: number; count: number; res?: { serials: string[] }[] }>
  | Frame<"CONNECTED", { connectionId: string; connectionDetails: object }>
  | Frame<"DISCONNECTED" | "CLOSED" | "ERROR" | "AUTH">
  | Frame<"ATTACHED", Place & { flags: number; params: Record<string, string> }>
  | Frame<"SYNC", Place & { presence: Message[] }>;

export type ClientFrame = ReturnType<typeof parseFrame>;
/** Params that Ably knows, and echoes. `delta` allows deltas: a server may send messages whole. */
const PARAMS = ["rewind", "rewindLimit", "modes", "appendMode", "delta"];
const ACKNOWLEDGED: unknown[] = [Action.MESSAGE, Action.PRESENCE, Action.ANNOTATION];

/** The items (messages, presence messages or annotations) are not parsed yet. */
export function parseFrame(value: unknown) {
  assert(isRecord(value), 40000, "A frame must be an object.");
  const { action, auth, params, messages, presence, annotations } = value;
  // MessagePack clients omit the empty channel name, and the serial 0.
  const defaultSerial = ACKNOWLEDGED.includes(action) ? 0 : undefined;
  return {
    action,
    id: toText(value.id),
    accessToken: isRecord(auth) ? toText(auth.accessToken) : undefined,
    channel: toText(value.channel) ?? "",
    msgSerial: typeof value.msgSerial === "number" ? value.msgSerial : defaultSerial,
    channelSerial: toText(value.channelSerial),
    flags: Number(value.flags) || 0,
    params: readParams(params),
    items: messages ?? presence ?? annotations,
  };
}

/** Params may be numbers: `{ rewind: 1 }`. */
function readParams(params: unknown): Record<string, string> {
  const all = isRecord(params) ? Object.entries(params) : [];
  const known = all.filter(([name, value]) => PARAMS.includes(name) && typeof value !== "object");
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
}
