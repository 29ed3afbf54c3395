/**
 * The frames of Ably's realtime protocol, as versions 2 to 6 send them.
 * https://sdk.ably.com/builds/ably/specification/main/features/#protocol-message
 * Left out, and refused: OBJECT, OBJECT_SYNC and ANNOTATION.
 */
import { type AblyError, check } from "./error.ts";
import { isBytes, isRecord } from "./format.ts";

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

/** A message or a presence message, as a client sends it. */
export type Draft = ReturnType<typeof parseMessage>;

/** The same as a channel keeps it, and sends it on. */
export type Message = Draft & {
  id: string;
  connectionId: string | undefined;
  /** ms since the epoch. */
  timestamp: number;
  serial?: string;
};

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

type Frame<Name extends keyof typeof Action, Body = unknown> = {
  action: (typeof Action)[Name];
} & Body;
export type DetachFrame = Frame<"DETACHED" | "ERROR", MaybeError & { channel: string }>;
type Attached = {
  channel: string;
  channelSerial: string;
  flags: number;
  params: Record<string, string>;
};
type MaybeError = { error?: AblyError | undefined };

export type ServerFrame =
  | Entry
  | Frame<"HEARTBEAT", { id?: string | undefined }>
  | Frame<"ACK", { msgSerial: number; count: number; res: { serials: string[] }[] }>
  | Frame<"NACK", { msgSerial: number; count: number; error: AblyError }>
  | Frame<"CONNECTED", MaybeError & { connectionId: string; connectionDetails: object }>
  | Frame<"DISCONNECTED", { error: AblyError }>
  | Frame<"CLOSED" | "AUTH">
  | Frame<"ATTACHED", MaybeError & Attached>
  | DetachFrame
  | Frame<"ERROR", { error: AblyError }>
  | Frame<"SYNC", { channel: string; channelSerial: string; presence: Message[] }>;

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

/** Messages or presence of a frame, or of a REST body, which may be one alone. */
export function parseMessages(value: unknown): Draft[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  check(items.length > 0, 40000, "There are no messages in it.");
  return items.map(parseMessage);
}

/** Nulls count as absent, as at Ably. */
function parseMessage(item: unknown) {
  check(isRecord(item), 40000, "A message must be an object.");
  const { action, name, clientId, data, encoding, extras } = item;
  check(isTextOrNull(name), 40016, "A message's name must be a string.");
  check(isTextOrNull(clientId), 40012, "A clientId must be a string.");
  const isData = isTextOrNull(data) || isBytes(data);
  check(isData, 40013, "Message data must be a string or binary; encode it as JSON.");
  const isExtras = extras == null || (isRecord(extras) && isShallow(extras));
  check(isExtras, 40000, "Extras must be an object that nests 50 deep at the most.");
  return {
    action: typeof action === "number" ? action : undefined,
    id: toText(item.id),
    name: name ?? undefined,
    clientId: clientId ?? undefined,
    extras: extras ?? undefined,
    /** REST only: publish on behalf of the connection that has this key. */
    connectionKey: toText(item.connectionKey),
    ...fromBase64(data ?? undefined, toText(encoding)),
  };
}

const BASE64 = /(^|\/)base64$/;

/** Binary from a JSON client, as bytes. What only claims to be base64 stays as it came. */
function fromBase64(data: string | Uint8Array | undefined, encoding: string | undefined) {
  if (typeof data !== "string" || !encoding || !BASE64.test(encoding)) return { data, encoding };
  const bytes = Buffer.from(data, "base64");
  if (bytes.toString("base64") !== data) return { data, encoding };
  return { data: bytes, encoding: encoding.replace(BASE64, "") || undefined };
}

/** A count may come as a number: `{ rewind: 1 }`. */
function toParams(params: Record<string, unknown>): Record<string, string> {
  const plain = Object.entries(params).filter(([, value]) => typeof value !== "object");
  return Object.fromEntries(plain.map(([name, value]) => [name, String(value)]));
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isTextOrNull(value: unknown): value is string | null | undefined {
  return value == null || typeof value === "string";
}

/** What nests 100 deep, frame included, could be told to nobody who speaks msgpack. */
function isShallow(value: unknown, levels = 50): boolean {
  if (typeof value !== "object" || value === null || isBytes(value)) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}
