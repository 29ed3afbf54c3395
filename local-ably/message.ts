/** Messages and presence messages: reading them, and what Ably checks of each. */
import { assert } from "./error.ts";
import { isBytes, isRecord, toText } from "./format.ts";
import type { Settings } from "./settings.ts";
import type { Summary } from "./summary.ts";

/** A message or a presence message as a client sends it. */
export type Draft = ReturnType<typeof parseMessage>;

/** A message as a channel keeps and sends it. */
export type Message = {
  id: string;
  connectionId: string | undefined;
  /** When it was created, ms since the epoch. */
  timestamp: number;
  action?: number | undefined;
  name?: string | undefined;
  clientId?: string | undefined;
  data?: string | Uint8Array | undefined;
  encoding?: string | undefined;
  extras?: Record<string, unknown> | undefined;
  /** Identifies the message. All its versions have the same. */
  serial?: string | undefined;
  version?: Version | undefined;
  annotations?: { summary: Summary } | undefined;
};

/** What a publisher decides about a message. */
export type Content = { id?: string | undefined } & Pick<
  Message,
  "action" | "name" | "clientId" | "data" | "encoding" | "extras"
>;

/** One version of a message, and who changed it, why. */
export type Version = Operation & { serial: string; timestamp: number };
export type Operation = {
  clientId?: string | undefined;
  description?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
};

const MAX_ID_LENGTH = 256;
const MAX_ENCODING_LENGTH = 256;
/** MessagePack clients decode at most 100 levels, those of the frame included. */
const MAX_EXTRAS_DEPTH = 50;
/** What a kept message takes beside its texts, bytes. Measured on Node 20. */
const BYTES_PER_MESSAGE = 600;
/** https://ably.com/docs/platform/errors/codes/40032-invalid-message-extras-field */
const PERMITTED_EXTRAS = ["echo", "ephemeral", "headers", "privileged", "push", "ref"];
const BASE64 = /(^|\/)base64$/;

/** Reads the messages of a frame or of a REST body, which may be a single message. */
export function parseMessages(value: unknown, { maxMessagesPerPublish: limit }: Settings): Draft[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  assert(items.length > 0, 40000, "The publish has no messages.");
  assert(
    items.length <= limit,
    40009,
    `The publish has ${items.length} messages; at most ${limit} are allowed.`,
    413,
  );
  return items.map(parseMessage);
}

/** Null counts as absent, as at Ably. */
function parseMessage(item: unknown) {
  assert(isRecord(item), 40000, "A message must be an object.");
  const { action, data, extras, version } = item;
  const encoding = readText(item, "encoding", 40013);
  assert(
    (encoding ?? "").length <= MAX_ENCODING_LENGTH,
    40013,
    `The encoding of a message must have at most ${MAX_ENCODING_LENGTH} characters.`,
  );
  assert(
    data == null || typeof data === "string" || isBytes(data),
    40013,
    "The data of a message must be a string or binary. Encode anything else as JSON.",
  );
  assert(
    extras == null || (isRecord(extras) && isShallow(extras, MAX_EXTRAS_DEPTH)),
    40000,
    `The extras of a message must be an object of at most ${MAX_EXTRAS_DEPTH} levels.`,
  );
  return {
    action: typeof action === "number" ? action : undefined,
    id: readText(item, "id", 40031),
    name: readText(item, "name", 40016),
    clientId: readText(item, "clientId", 40012),
    extras: extras ?? undefined,
    ...decodeBase64(data ?? undefined, encoding),
    /** REST only: the connection that the message is published for. */
    connectionKey: toText(item.connectionKey),
    /** Of a change: the message that it changes. */
    serial: toText(item.serial),
    operation: parseOperation(version),
  };
}

function parseOperation(value: unknown): Operation {
  if (!isRecord(value)) return {};
  const { metadata } = value;
  assert(
    metadata == null || (isRecord(metadata) && isShallow(metadata, 1)),
    40000,
    "The metadata of a change must be a flat object.",
  );
  return {
    clientId: readText(value, "clientId", 40012),
    description: readText(value, "description", 40000),
    metadata: metadata ?? undefined,
  };
}

/** Returns the message that a draft becomes. `place` is what the server sets. */
export function toMessage(
  { action, name, clientId, data, encoding, extras }: Content,
  place: Pick<Message, "id" | "connectionId" | "timestamp">,
): Message {
  return { action, name, clientId, data, encoding, extras, ...place };
}

export function readText(
  item: Record<string, unknown>,
  field: string,
  code: number,
): string | undefined {
  const value = item[field];
  assert(value == null || typeof value === "string", code, `The ${field} must be a string.`);
  return value ?? undefined;
}

/** Throws 40009. https://ably.com/docs/platform/pricing/limits#message */
export function checkSize(drafts: Content[], { maxMessageSize: limit }: Settings): void {
  const size = drafts.reduce((sum, draft) => sum + sizeOf(draft), 0);
  assert(size <= limit, 40009, `The messages have ${size} bytes; the limit is ${limit}.`, 413);
}

/** Throws 40031. Several messages with IDs need `base:0`, `base:1`, …: they are one publish. */
export function checkIds(drafts: Draft[]): void {
  const [first] = drafts;
  const base = first?.id?.replace(/:0$/, "");
  const isSingle = drafts.length === 1 && first?.id !== "";
  assert(
    drafts.every(({ id }) => id === undefined) ||
      isSingle ||
      (base && drafts.every(({ id }, index) => id === `${base}:${index}`)),
    40031,
    "The ids of several messages must be base:0, base:1 and so on.",
  );
  assert(
    drafts.every(({ id = "" }) => id.length <= MAX_ID_LENGTH),
    40031,
    `The id of a message must have at most ${MAX_ID_LENGTH} characters.`,
  );
}

/** Throws 40032. Presence messages may have any extras: `@ably/spaces` keeps its locks there. */
export function checkExtras({ extras = {} }: Draft, { acceptUndecodable }: Settings): void {
  const permitted = acceptUndecodable ? [...PERMITTED_EXTRAS, "delta"] : PERMITTED_EXTRAS;
  const refused = Object.keys(extras).filter((name) => !permitted.includes(name));
  assert(
    refused.length === 0,
    40032,
    `Message has impermissible extras fields: ${refused}. Put them into extras.headers.`,
  );
  const { headers = {} } = extras;
  assert(
    isRecord(headers) && Object.values(headers).every((value) => !isObject(value)),
    40032,
    "extras.headers must be a map of strings, numbers, booleans and nulls.",
  );
}

/**
 * Throws 40013 for an encoding that only Ably itself may set: a delta without its base fails the
 * channel of every subscriber (ably-js: 40019). ably-js finds the name among other characters.
 */
export function checkEncoding({ encoding = "" }: Draft, { acceptUndecodable }: Settings): void {
  const isDelta = encoding.split("/").some((part) => /[-\w]+/.exec(part)?.[0] === "vcdiff");
  assert(
    acceptUndecodable || !isDelta,
    40013,
    "Local Ably refuses the encoding vcdiff. Subscribers could not decode the message.",
  );
}

/** The size that Ably counts, bytes. */
export function sizeOf({ name, clientId, data, extras }: Content): number {
  const parts = [name, clientId, data, extras && JSON.stringify(extras)];
  return parts.reduce((sum, part) => sum + Buffer.byteLength(part ?? ""), 0);
}

/** The memory that a kept message takes, bytes. */
export function memoryOf(message: Message): number {
  const { id, encoding = "", version } = message;
  const own = id.length + encoding.length + JSON.stringify(version ?? "").length;
  return sizeOf(message) + own + BYTES_PER_MESSAGE;
}

/** Decodes what a JSON client sends as base64. Invalid base64 stays as it is. */
export function decodeBase64(data: string | Uint8Array | undefined, encoding: string | undefined) {
  if (typeof data !== "string" || !encoding || !BASE64.test(encoding)) return { data, encoding };
  const bytes = Buffer.from(data, "base64");
  if (bytes.toString("base64") !== data) return { data, encoding };
  return { data: bytes, encoding: encoding.replace(BASE64, "") || undefined };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isShallow(value: unknown, levels: number): boolean {
  if (!isObject(value) || isBytes(value)) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}
