/**
 * The frames of Ably's realtime protocol, as versions 2 to 6 send them.
 * https://sdk.ably.com/builds/ably/specification/main/features/#protocol-message
 * Left out: ACTIVATE, OBJECT, OBJECT_SYNC and ANNOTATION. A client that sends one gets a NACK.
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

/** What messages and presence messages share. `data` is a string or, if binary, bytes. */
type Payload = {
  id?: string;
  clientId?: string;
  connectionId?: string;
  timestamp?: number;
  data?: unknown;
  encoding?: string | null;
  extras?: unknown;
};

export type Message = Payload & {
  name?: string | null;
  action?: number;
  serial?: string;
  /** REST only: publish on behalf of the connection that has this key. */
  connectionKey?: string;
};

export type PresenceMessage = Payload & { action: PresenceAction };

export type ClientFrame =
  | { action: typeof Action.HEARTBEAT; id?: string }
  | { action: typeof Action.DISCONNECT | typeof Action.CLOSE }
  | { action: typeof Action.AUTH; accessToken: string }
  | {
      action: typeof Action.ATTACH;
      channel: string;
      flags: number;
      params: Record<string, string>;
      channelSerial?: string;
    }
  | { action: typeof Action.DETACH | typeof Action.SYNC; channel: string }
  | { action: typeof Action.MESSAGE; channel: string; msgSerial: number; messages: Message[] }
  | {
      action: typeof Action.PRESENCE;
      channel: string;
      msgSerial: number;
      presence: PresenceMessage[];
    };

export type PublishFrame = Extract<ClientFrame, { msgSerial: number }>;
export type AttachFrame = Extract<ClientFrame, { action: typeof Action.ATTACH }>;

export type ServerFrame =
  | { action: typeof Action.HEARTBEAT; id?: string | undefined }
  | {
      action: typeof Action.ACK;
      msgSerial: number;
      count: number;
      res?: { serials: (string | null)[] }[];
    }
  | { action: typeof Action.NACK; msgSerial: number; count: number; error: ErrorInfo }
  | {
      action: typeof Action.CONNECTED;
      connectionId: string;
      connectionDetails: ConnectionDetails;
      error?: ErrorInfo;
    }
  | { action: typeof Action.DISCONNECTED; error: ErrorInfo }
  | { action: typeof Action.CLOSED | typeof Action.AUTH }
  | { action: typeof Action.ERROR; channel?: string; error: ErrorInfo }
  | {
      action: typeof Action.ATTACHED;
      channel: string;
      channelSerial: string;
      flags: number;
      params: Record<string, string>;
      error?: ErrorInfo;
    }
  | { action: typeof Action.DETACHED; channel: string; error?: ErrorInfo }
  | ({
      action: typeof Action.MESSAGE;
      messages: Message[];
    } & FromChannel)
  | ({
      action: typeof Action.PRESENCE;
      presence: PresenceMessage[];
    } & FromChannel)
  | {
      action: typeof Action.SYNC;
      channel: string;
      channelSerial: string;
      presence: PresenceMessage[];
    };

type FromChannel = { channel: string; channelSerial: string; id: string; timestamp: number };

export type ConnectionDetails = {
  clientId?: string | undefined;
  connectionKey: string;
  connectionStateTtl: number;
  maxFrameSize: number;
  maxIdleInterval: number;
  maxInboundRate: number;
  maxMessageSize: number;
  maxOutboundRate: number;
  serverId: string;
};

/**
 * What a client sent, decoded but not yet believed, as a frame.
 * Throws 40000 for what is no frame. A refused publish carries its msgSerial, so that it is NACKed.
 */
export function parseFrame(value: unknown): ClientFrame {
  if (!isRecord(value)) throw malformed("it is not an object");
  const { action } = value;
  switch (action) {
    case Action.HEARTBEAT:
      return { action, ...(typeof value.id === "string" && { id: value.id }) };
    case Action.DISCONNECT:
    case Action.CLOSE:
      return { action };
    case Action.AUTH: {
      const accessToken = isRecord(value.auth) ? value.auth.accessToken : undefined;
      if (typeof accessToken !== "string") throw malformed("AUTH has no auth.accessToken");
      return { action, accessToken };
    }
    case Action.ATTACH: {
      const { flags, channelSerial } = value;
      return {
        action,
        channel: channelOf(value),
        flags: typeof flags === "number" ? flags : 0,
        params: parseParams(value.params),
        ...(typeof channelSerial === "string" && { channelSerial }),
      };
    }
    case Action.DETACH:
    case Action.SYNC:
      return { action, channel: channelOf(value) };
    case Action.MESSAGE: {
      const messages = parseMessages(value.messages);
      return { action, channel: channelOf(value), msgSerial: msgSerialOf(value), messages };
    }
    case Action.PRESENCE: {
      const presence = parsePresence(value.presence);
      return { action, channel: channelOf(value), msgSerial: msgSerialOf(value), presence };
    }
    default:
      throw malformed(`local Ably does not know action ${JSON.stringify(action)}`);
  }
}

/** Messages from a frame or a REST body: one or several. Throws 40000. */
export function parseMessages(value: unknown): Message[] {
  const messages = Array.isArray(value) ? value : [value];
  if (messages.length === 0) throw malformed("it holds no messages");
  return messages.map(parseMessage);
}

function parseMessage(value: unknown): Message {
  if (!isRecord(value)) throw malformed("a message is not an object");
  const { name, action, connectionKey } = value;
  if (name !== undefined && name !== null && typeof name !== "string") {
    throw malformed("a message's name is not a string");
  }
  return {
    ...parsePayload(value),
    ...(name !== undefined && { name }),
    ...(typeof action === "number" && { action }),
    ...(typeof connectionKey === "string" && { connectionKey }),
  };
}

const presenceActions = new Set<unknown>(Object.values(PresenceAction));

function parsePresence(value: unknown): PresenceMessage[] {
  if (!Array.isArray(value)) throw malformed("PRESENCE has no presence messages");
  return value.map((item: unknown) => {
    if (!isRecord(item) || !presenceActions.has(item.action)) {
      throw malformed("a presence message has no known action");
    }
    return { ...parsePayload(item), action: item.action as PresenceAction };
  });
}

function parsePayload({ id, clientId, data, encoding, extras }: Record<string, unknown>): Payload {
  if (clientId !== undefined && clientId !== null && typeof clientId !== "string") {
    throw new AblyError(40012, 400, "A clientId must be a string.");
  }
  if (data !== undefined && data !== null && typeof data !== "string" && !isBytes(data)) {
    throw new AblyError(40013, 400, "Message data must be a string or binary; encode it as JSON.");
  }
  if (extras !== undefined && extras !== null && !isRecord(extras)) {
    throw malformed("a message's extras are not an object");
  }
  return {
    ...(typeof id === "string" && id !== "" && { id }),
    ...(typeof clientId === "string" && { clientId }),
    ...(data !== undefined && { data }),
    ...(typeof encoding === "string" && { encoding }),
    ...fromBase64(data, encoding),
    ...(extras != null && { extras }),
  };
}

const BASE64 = /(^|\/)base64$/;

/** Binary from a JSON client, as bytes. What only claims to be base64 stays as it came. */
function fromBase64(data: unknown, encoding: unknown): Payload {
  if (typeof data !== "string" || typeof encoding !== "string") return {};
  if (!BASE64.test(encoding)) return {};
  const bytes = Buffer.from(data, "base64");
  if (bytes.toString("base64") !== data) return {};
  return { data: bytes, encoding: encoding.replace(BASE64, "") || null };
}

function parseParams(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
}

function channelOf({ channel }: Record<string, unknown>): string {
  // Msgpack clients leave the empty name out: it is refused later, by its name.
  if (channel === undefined) return "";
  if (typeof channel !== "string") throw malformed("its channel is not a string");
  return channel;
}

function msgSerialOf({ msgSerial }: Record<string, unknown>): number {
  // The first serial is 0, which some clients leave out.
  if (msgSerial === undefined) return 0;
  if (!Number.isSafeInteger(msgSerial)) throw malformed("its msgSerial is not an integer");
  return msgSerial as number;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isBytes(value);
}

export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function malformed(why: string): AblyError {
  return new AblyError(40000, 400, `The frame was refused: ${why}.`);
}
