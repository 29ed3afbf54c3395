/** Messages and presence messages: reading them, and what Ably checks of each. */
import { AblyError, assert } from "./error.ts";
import { type Fields, isBytes, isRecord, toText } from "./format.ts";
import type { Content, Message, Operation, Version } from "./protocol.ts";
import { MessageAction } from "./protocol.ts";
import type { Settings } from "./settings.ts";

export type Draft = ReturnType<typeof parseMessage>;

const { APPEND, UPDATE } = MessageAction;
const MAX_LENGTH = 256; // of an id or an encoding, characters
/** MessagePack clients decode at most 100 levels, those of the frame included. */
const MAX_DEPTH = 50;
/** What a kept message takes beside its texts, bytes, as measured. */
const BYTES_PER_MESSAGE = 600;
/** https://ably.com/docs/platform/errors/codes/40032-invalid-message-extras-field */
const PERMITTED_EXTRAS = ["echo", "ephemeral", "headers", "privileged", "push", "ref"];
const BASE64 = /(^|\/)base64$/;

/** Reads the messages of a frame or of a REST body, which may be a single message. */
export function parseMessages(value: unknown, settings: Settings): Draft[] {
  const { maxMessagesPerPublish: max } = settings;
  const items = [value].flat();
  assert(items.length > 0, 40000, "The publish has no messages.");
  assert(items.length <= max, 40009, `A publish may have at most ${max} messages.`, 413);
  return items.map((item) => parseMessage(item, settings));
}

/** Null counts as absent, as at Ably. */
function parseMessage(item: unknown, { acceptUndecodable }: Settings) {
  assert(isRecord(item), 40000, "A message must be an object.");
  const { action, data, extras, version } = item;
  const encoding = readText(item, "encoding", 40013, MAX_LENGTH);
  // A delta without its base fails the channel of every subscriber (ably-js: 40019). Only Ably may
  // send one. ably-js finds the name among other characters.
  const isDelta = encoding?.split("/").some((part) => /[-\w]+/.exec(part)?.[0] === "vcdiff");
  assert(acceptUndecodable || !isDelta, 40013, "Subscribers cannot decode vcdiff. Leave it out.");
  const isText = data == null || typeof data === "string";
  assert(isText || isBytes(data), 40013, "The data must be a string or binary. Encode it as JSON.");
  assert(extras == null || isRecord(extras), 40000, "The extras must be an object.");
  assert(isShallow(extras, MAX_DEPTH), 40000, `The extras must not exceed ${MAX_DEPTH} levels.`);
  return {
    action: typeof action === "number" ? action : undefined,
    id: readText(item, "id", 40031, MAX_LENGTH),
    name: readText(item, "name", 40016),
    clientId: readText(item, "clientId", 40012),
    extras: extras ?? undefined,
    ...decodeBase64(data ?? undefined, encoding),
    /** REST only: the connection that the message is published for. */
    connectionKey: toText(item.connectionKey),
    /** The message that a change changes. */
    serial: toText(item.serial),
    operation: parseOperation(isRecord(version) ? version : {}),
  };
}

function parseOperation(version: Fields): Operation {
  const { metadata } = version;
  const isFlat = metadata == null || (isRecord(metadata) && isShallow(metadata, 1));
  assert(isFlat, 40000, "The metadata of a change must be a flat object.");
  const clientId = readText(version, "clientId", 40012);
  const description = readText(version, "description", 40000);
  return { clientId, description, metadata: metadata ?? undefined };
}

export function readText(item: Fields, name: string, code: number, maxLength = Infinity) {
  const value = item[name] ?? undefined;
  if (value === undefined) return undefined;
  assert(typeof value === "string", code, `The ${name} must be a string.`);
  assert(value.length <= maxLength, code, `The ${name} must not exceed ${maxLength} characters.`);
  return value;
}

/** https://ably.com/docs/platform/pricing/limits#message */
export function checkSize(messages: Content[], { maxMessageSize: max }: Settings): void {
  const size = messages.reduce((sum, message) => sum + sizeOf(message), 0);
  assert(size <= max, 40009, `The messages have ${size} bytes; the limit is ${max}.`, 413);
}

/** Several messages with IDs are one publish: `base:0`, `base:1`, … */
export function checkIds(messages: Content[]): void {
  const ids = messages.map(({ id }) => id);
  const base = ids[0]?.replace(/:0$/, "");
  const areNumbered = base && ids.every((id, index) => id === `${base}:${index}`);
  const isSingle = ids.length === 1 && ids[0];
  const areValid = areNumbered || isSingle || ids.every((id) => id === undefined);
  assert(areValid, 40031, "The ids of several messages must be base:0, base:1 and so on.");
}

/** Not of presence, which may have any extras: `@ably/spaces` keeps its locks there. */
export function checkExtras({ extras = {} }: Content, { acceptUndecodable }: Settings): void {
  const permitted = acceptUndecodable ? [...PERMITTED_EXTRAS, "delta"] : PERMITTED_EXTRAS;
  const refused = Object.keys(extras).filter((name) => !permitted.includes(name));
  assert(refused.length === 0, 40032, `Impermissible extras fields: ${refused}. Use headers.`);
  const { headers = {} } = extras;
  assert(isRecord(headers) && isShallow(headers, 1), 40032, "The headers must be a flat object.");
}

function sizeOf({ name, clientId, data, extras }: Content): number {
  const parts = [name, clientId, data, extras && JSON.stringify(extras)];
  return parts.reduce((sum, part) => sum + Buffer.byteLength(part ?? ""), 0);
}

export function memoryOf(message: Message): number {
  const { id, encoding = "", version } = message;
  const own = id.length + encoding.length + JSON.stringify(version ?? "").length;
  return sizeOf(message) + own + BYTES_PER_MESSAGE;
}

/** Invalid base64 stays as it is. */
function decodeBase64(data: string | Uint8Array | undefined, encoding: string | undefined) {
  if (typeof data !== "string" || !encoding || !BASE64.test(encoding)) return { data, encoding };
  const bytes = Buffer.from(data, "base64");
  if (bytes.toString("base64") !== data) return { data, encoding };
  return { data: bytes, encoding: encoding.replace(BASE64, "") || undefined };
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null || isBytes(value)) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}

/** Returns the next version: what the change has replaces what the message had. */
export function merge(current: Message, change: Content, version: Version): Message {
  const { data, encoding } = mergeData(current, change);
  const { name = current.name, extras = current.extras } = change;
  const action = change.action === APPEND ? UPDATE : change.action;
  return { ...current, name, extras, data, encoding, action, version };
}

function mergeData(current: Content, change: Content): Content {
  const [one, other] = [current.data, change.data];
  if (other === undefined) return current;
  if (one === undefined || change.action !== APPEND) return change;
  if (current.encoding === undefined && change.encoding === undefined) {
    if (typeof one === "string" && typeof other === "string") return { data: one + other };
    if (isBytes(one) && isBytes(other)) return { data: Buffer.concat([one, other]) };
  }
  throw new AblyError(40013, "Append a string to a string, or binary to binary; nothing else.");
}
