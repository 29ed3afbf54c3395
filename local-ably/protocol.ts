/**
 * The frames of Ably's realtime protocol, as versions 2 to 6 send them.
 * https://sdk.ably.com/builds/ably/specification/main/features/#protocol-message
 * Left out, and refused: OBJECT, OBJECT_SYNC and ANNOTATION.
 */
import { type AblyError, check } from "./error.ts";
import { isRecord, toText } from "./format.ts";
import type { Message } from "./message.ts";

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
} as const;

export const PresenceAction = { ABSENT: 0, PRESENT: 1, ENTER: 2, LEAVE: 3, UPDATE: 4 } as const;

/** One frame's worth of messages or presence, which is also how a channel keeps them. */
export type Entry = {
  action: typeof Action.MESSAGE | typeof Action.PRESENCE;
  channel: string;
  /** Sorts as text in the channel's order; ends in the channel's own epoch. */
  channelSerial: string;
  id: string;
  connectionId: string | undefined;
  timestamp: number;
  messages?: Message[];
  presence?: Message[];
};

/** A channel, and where on it. */
type Place = Pick<Entry, "channel" | "channelSerial">;

type Frame<Name extends keyof typeof Action, Body = unknown> = {
  action: (typeof Action)[Name];
  error?: AblyError | undefined;
} & Body;

export type ServerFrame =
  | Entry
  | Frame<"DETACHED" | "ERROR", { channel: string }>
  | Frame<"HEARTBEAT", { id?: string | undefined }>
  | Frame<"ACK" | "NACK", { msgSerial: number; count: number; res?: { serials: string[] }[] }>
  | Frame<"CONNECTED", { connectionId: string; connectionDetails: object }>
  | Frame<"DISCONNECTED" | "CLOSED" | "ERROR" | "AUTH">
  | Frame<"ATTACHED", Place & { flags: number; params: Record<string, string> }>
  | Frame<"SYNC", Place & { presence: Message[] }>;

/** What a client sent, with whatever its action does not use left empty. */
export type ClientFrame = ReturnType<typeof parseFrame>;

/** What a client sent, decoded but not yet believed, as a frame of which the rest may be wrong. */
export function parseFrame(value: unknown) {
  check(isRecord(value), 40000, "A frame must be an object.");
  const { action, auth, msgSerial, params } = value;
  const isPublish = action === Action.MESSAGE || action === Action.PRESENCE;
  return {
    action,
    id: toText(value.id),
    accessToken: isRecord(auth) ? toText(auth.accessToken) : undefined,
    // Msgpack clients leave out the empty name and the serial 0.
    channel: toText(value.channel) ?? "",
    msgSerial: typeof msgSerial === "number" ? msgSerial : isPublish ? 0 : undefined,
    channelSerial: toText(value.channelSerial),
    flags: Number(value.flags) || 0,
    params: isRecord(params) ? toParams(params) : {},
    messages: value.messages,
    presence: value.presence,
  };
}

/** A count may come as a number: `{ rewind: 1 }`. */
function toParams(params: Record<string, unknown>): Record<string, string> {
  const plain = Object.entries(params).filter(([, value]) => typeof value !== "object");
  return Object.fromEntries(plain.map(([name, value]) => [name, String(value)]));
}
