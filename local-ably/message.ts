/** Messages and presence, whether they come by socket or by REST, and what Ably checks of them. */
import { AblyError, check } from "./error.ts";
import { isBytes, isRecord, toText } from "./format.ts";

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

/** Messages or presence of a frame, or of a REST body, which may be one alone. */
export function parseMessages(value: unknown): Draft[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  check(items.length > 0, 40000, "There are no messages in it.");
  return items.map(parseMessage);
}

/** Nulls count as absent, as at Ably. */
function parseMessage(item: unknown) {
  check(isRecord(item), 40000, "A message must be an object.");
  const { action, id, name, clientId, data, encoding, extras } = item;
  check(isTextOrNull(id), 40031, "A message's id must be a string.");
  check(isTextOrNull(name), 40016, "A message's name must be a string.");
  check(isTextOrNull(clientId), 40012, "A clientId must be a string.");
  const isData = isTextOrNull(data) || isBytes(data);
  check(isData, 40013, "Message data must be a string or binary; encode it as JSON.");
  const isExtras = extras == null || (isRecord(extras) && isShallow(extras));
  check(isExtras, 40000, "Extras must be an object that nests 50 deep at the most.");
  return {
    action: typeof action === "number" ? action : undefined,
    id: id ?? undefined,
    name: name ?? undefined,
    clientId: clientId ?? undefined,
    extras: extras ?? undefined,
    /** REST only: publish on behalf of the connection that has this key. */
    connectionKey: toText(item.connectionKey),
    ...fromBase64(data ?? undefined, toText(encoding)),
  };
}

/**
 * Messages or presence as they may be taken, with their sender filled in: the `own` clientId of
 * its credentials, or any that is named under the wildcard. Throws the reason to refuse.
 */
export function checkPublish(drafts: Draft[], own: string | undefined, maxSize: number): Draft[] {
  const size = sizeOf(drafts);
  check(size <= maxSize, 40009, `The messages have ${size} bytes; ${maxSize} may pass.`, 413);
  checkIds(drafts.map(({ id }) => id));
  return drafts.map((draft) => {
    const { clientId = own === "*" ? undefined : own } = draft;
    const isAllowed = own === "*" ? clientId !== "*" && clientId !== "" : clientId === own;
    const named = JSON.stringify(clientId);
    check(isAllowed, 40012, `The clientId ${named} is not the connection's (${own}).`);
    // A connection's key has served its end, and is for nobody else to see.
    return { ...draft, clientId, connectionKey: undefined };
  });
}

/** With Ably's code where the channel's rule for them is not set. */
export function refuseMutableMessages(): never {
  const what = "updates, deletes, appends or annotations of messages";
  throw new AblyError(93002, `Local Ably has no ${what}.`);
}

/** In bytes, as Ably counts: https://ably.com/docs/platform/pricing/limits#message */
export function sizeOf(drafts: Draft[]): number {
  const parts = drafts.flatMap(({ name, clientId, data, extras }) => {
    return [name, clientId, data, extras && JSON.stringify(extras)];
  });
  return parts.reduce((sum, part) => sum + Buffer.byteLength(part ?? ""), 0);
}

/** Several messages with ids of their own are one publish: `base:0`, `base:1`, … */
function checkIds(ids: (string | undefined)[]): void {
  const [first] = ids;
  const base = first?.replace(/:0$/, "");
  const areBlank = ids.every((id) => id === undefined);
  const areCounted = base && ids.every((id, index) => id === `${base}:${index}`);
  const isSingle = first && ids.length === 1;
  const sentence = "The ids of several messages must be base:0, base:1 and so on.";
  check(areBlank || areCounted || isSingle, 40031, sentence);
}

/** https://ably.com/docs/platform/errors/codes/40032-invalid-message-extras-field: all else is refused. */
const EXTRAS = ["delta", "echo", "ephemeral", "privileged", "push", "ref"];

const BASE64 = /(^|\/)base64$/;

/** Binary from a JSON client, as bytes. What only claims to be base64 stays as it came. */
function fromBase64(data: string | Uint8Array | undefined, encoding: string | undefined) {
  if (typeof data !== "string" || !encoding || !BASE64.test(encoding)) return { data, encoding };
  const bytes = Buffer.from(data, "base64");
  if (bytes.toString("base64") !== data) return { data, encoding };
  return { data: bytes, encoding: encoding.replace(BASE64, "") || undefined };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isTextOrNull(value: unknown): value is string | null | undefined {
  return value == null || typeof value === "string";
}

/** Of a message. Presence is free to say more there, and `@ably/spaces` says its locks. */
export function checkExtras({ headers = {}, ...others }: Record<string, unknown> = {}): void {
  const unknown = Object.keys(others).filter((name) => !EXTRAS.includes(name));
  check(unknown.length === 0, 40032, `Message has impermissible extras fields: ${unknown}`);
  const isFlat = isRecord(headers) && Object.values(headers).every((value) => !isObject(value));
  check(isFlat, 40032, "extras.headers must be a map of strings, numbers, booleans and nulls.");
}

/** What nests 100 deep, frame included, could be told to nobody who speaks msgpack. */
function isShallow(value: unknown, levels = 50): boolean {
  if (!isObject(value) || isBytes(value)) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}
