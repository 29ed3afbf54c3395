/**
 * The frames of Ably's realtime protocol, as versions 2 to 6 send them.
 * https://sdk.ably.com/builds/ably/specification/main/features/#protocol-message
 * Left out, and refused by their names: OBJECT, OBJECT_SYNC and ANNOTATION.
 */
import { AblyError, type ErrorInfo } from "./error.ts";

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

const { HEARTBEAT, CLOSE, DISCONNECT, AUTH, ATTACH, DETACH, SYNC, MESSAGE, PRESENCE } = Action;
const ON_CONNECTION = [HEARTBEAT, CLOSE, DISCONNECT, AUTH] as const;
const ON_CHANNEL = [ATTACH, DETACH, SYNC, MESSAGE, PRESENCE] as const;
const CLIENT_ACTIONS = [...ON_CONNECTION, ...ON_CHANNEL];
const LEFT_OUT: Record<string, string> = { 19: "objects", 20: "objects", 21: "annotations" };

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
export type PresenceAction = (typeof PresenceAction)[keyof typeof PresenceAction];

/** What messages and presence messages share. */
type Payload = {
  id?: string | undefined;
  clientId?: string | undefined;
  connectionId?: string | undefined;
  timestamp?: number;
  data?: string | Uint8Array | undefined;
  encoding?: string | undefined;
  extras?: unknown;
};

export type Message = Payload & {
  name?: string | undefined;
  action?: number | undefined;
  serial?: string;
  /** REST only: publish on behalf of the connection that has this key. */
  connectionKey?: string | undefined;
};

export type PresenceMessage = Payload & { action: PresenceAction };

type Frame<Name extends keyof typeof Action, Body = unknown> = {
  action: (typeof Action)[Name];
} & Body;
type OnChannel<Name extends keyof typeof Action, Body = unknown> = Frame<Name, Body> & {
  channel: string;
};
type Params = Record<string, string>;
type Logged = { id: string; channelSerial: string; timestamp: number };

export type ServerFrame =
  | Frame<"HEARTBEAT", { id?: string | undefined }>
  | Frame<"ACK", { msgSerial: number; count: number; res: { serials: string[] }[] }>
  | Frame<"NACK", { msgSerial: number; count: number; error: ErrorInfo }>
  | Frame<
      "CONNECTED",
      { connectionId: string; connectionDetails: ConnectionDetails; error: ErrorInfo | undefined }
    >
  | Frame<"DISCONNECTED", { error: ErrorInfo }>
  | Frame<"CLOSED" | "AUTH">
  | Frame<"ERROR", { channel?: string; error: ErrorInfo }>
  | OnChannel<
      "ATTACHED",
      { channelSerial: string; flags: number; params: Params; error: ErrorInfo | undefined }
    >
  | OnChannel<"DETACHED", { error?: ErrorInfo }>
  | OnChannel<"MESSAGE", Logged & { messages: Message[] }>
  | OnChannel<"PRESENCE", Logged & { presence: PresenceMessage[] }>
  | OnChannel<"SYNC", { channelSerial: string; presence: PresenceMessage[] }>;

type ConnectionDetails = {
  clientId: string | undefined;
  connectionKey: string;
  connectionStateTtl: number;
  maxFrameSize: number;
  maxIdleInterval: number;
  maxInboundRate: number;
  maxMessageSize: number;
  maxOutboundRate: number;
  serverId: string;
};

/** What a client sent, with whatever its action does not use left empty. */
export type ClientFrame = ReturnType<typeof parseFrame>;

/**
 * What a client sent, decoded but not yet believed, as a frame. Throws 40000 for what is no frame,
 * and the codes of publishing for what is wrong in a message.
 */
export function parseFrame(value: unknown) {
  if (!isRecord(value)) throw malformed("it is not an object");
  const action = CLIENT_ACTIONS.find((known) => known === value.action);
  if (action === undefined) {
    const name = String(value.action);
    throw malformed(`local Ably has no ${LEFT_OUT[name] ?? `action ${name}`}`);
  }
  return {
    action,
    id: toText(value.id),
    accessToken: isRecord(value.auth) ? toText(value.auth.accessToken) : undefined,
    // Msgpack clients leave out the empty name and the serial 0.
    channel: toText(value.channel) ?? "",
    msgSerial: typeof value.msgSerial === "number" ? value.msgSerial : 0,
    channelSerial: toText(value.channelSerial),
    flags: Number(value.flags) || 0,
    params: toParams(value.params),
    messages: action === Action.MESSAGE ? parseMessages(value.messages) : [],
    presence: action === Action.PRESENCE ? listOf(value.presence).map(parsePresence) : [],
  };
}

/** Messages from a frame or a REST body, which may be one alone. */
export function parseMessages(value: unknown): Message[] {
  return listOf(value).map((item) => {
    const payload = parsePayload(item);
    const { name, action, connectionKey } = item;
    if (name != null && typeof name !== "string") {
      throw new AblyError(40016, 400, "A message's name must be a string.");
    }
    return {
      ...payload,
      name: name ?? undefined,
      action: typeof action === "number" ? action : undefined,
      connectionKey: toText(connectionKey),
    };
  });
}

function parsePresence(item: Record<string, unknown>): PresenceMessage {
  const action = Object.values(PresenceAction).find((known) => known === item.action);
  if (action === undefined) throw malformed("a presence message has no known action");
  return { ...parsePayload(item), action };
}

/** Nulls count as absent, as at Ably. */
function parsePayload({ id, clientId, data, encoding, extras }: Record<string, unknown>): Payload {
  if (clientId != null && typeof clientId !== "string") {
    throw new AblyError(40012, 400, "A clientId must be a string.");
  }
  if (data != null && typeof data !== "string" && !isBytes(data)) {
    throw new AblyError(40013, 400, "Message data must be a string or binary; encode it as JSON.");
  }
  if (extras != null && !isRecord(extras)) throw malformed("a message's extras are not an object");
  return {
    id: toText(id),
    clientId: clientId ?? undefined,
    extras: extras ?? undefined,
    ...fromBase64(data ?? undefined, toText(encoding)),
  };
}

const BASE64 = /(^|\/)base64$/;

/** Binary from a JSON client, as bytes. What only claims to be base64 stays as it came. */
function fromBase64(data: Payload["data"], encoding: Payload["encoding"]) {
  if (typeof data !== "string" || !encoding || !BASE64.test(encoding)) return { data, encoding };
  const bytes = Buffer.from(data, "base64");
  if (bytes.toString("base64") !== data) return { data, encoding };
  return { data: bytes, encoding: encoding.replace(BASE64, "") || undefined };
}

function listOf(value: unknown): Record<string, unknown>[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  if (items.length === 0 || !items.every(isRecord)) throw malformed("it holds no list of messages");
  return items;
}

function toParams(value: unknown): Params {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isBytes(value);
}

export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function malformed(why: string): AblyError {
  return new AblyError(40000, 400, `This was refused: ${why}.`);
}
