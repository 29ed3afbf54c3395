/**
 * What this app sends over Ably: channel names, message names and payloads. The token function
 * imports it too, so a token opens these channels and nothing else of your account.
 */

/**
 * Production's channels are `room:NAME`. Deploy previews, branch deploys and `netlify dev` with a
 * key share `room-preview:NAME`, so that a preview's visitors never meet production's. The function
 * gets its deploy context from Netlify, the page from the build.
 */
export function channelNamespace(deployContext?: string): string {
  const isProduction = !deployContext || deployContext === "production";
  return isProduction ? "room" : "room-preview";
}

export function channelName(room: string, deployContext = pageDeployContext()): string {
  return `${channelNamespace(deployContext)}:${room}`;
}

/** Netlify's deploy context of this page, or undefined outside of Vite, where no build sets it. */
export function pageDeployContext(): string | undefined {
  return typeof __DEPLOY_CONTEXT__ === "undefined" ? undefined : __DEPLOY_CONTEXT__;
}

export const DEFAULT_ROOM = "lobby";

/** Returns the room that a link names with `?room=NAME`, or undefined if the name is invalid. */
export function parseRoom(name: string | null): string | undefined {
  const room = name?.normalize().trim();
  if (!room) return DEFAULT_ROOM;
  return /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._-]{0,63}$/u.test(room) ? room : undefined;
}

/** Message name → its payload. To add a message type, add a line here and in `guards`. */
export type Payloads = {
  "chat-message": { text: string };
  "hello-world-message": { message: string };
};

/**
 * The most text in a message, in bytes. Ably's limit is 64 KiB for name, clientId and data together.
 * https://ably.com/docs/platform/pricing/limits
 */
export const MAX_TEXT_BYTES = 60_000;

export type MessageName = keyof Payloads;

/** What a member of the room says about itself in its presence data. */
export type Profile = { name: string; isTyping?: boolean };

export type RoomContent = {
  [Name in MessageName]: { name: Name; data: Payloads[Name] };
}[MessageName];

const guards: { [Name in MessageName]: (data: unknown) => data is Payloads[Name] } = {
  "chat-message": (data): data is Payloads["chat-message"] => hasString(data, "text"),
  "hello-world-message": (data): data is Payloads["hello-world-message"] =>
    hasString(data, "message"),
};

/** Anyone with a token can publish anything. Returns undefined for what this app does not send. */
export function parseContent(name: unknown, data: unknown): RoomContent | undefined {
  if (typeof name !== "string" || !Object.hasOwn(guards, name)) return undefined;
  const known = name as MessageName;
  return guards[known](data) ? ({ name: known, data } as RoomContent) : undefined;
}

export function parseProfile(data: unknown): Profile | undefined {
  const name = hasString(data, "name") ? cleanName(data.name) : undefined;
  if (name === undefined) return undefined;
  return { name, isTyping: Reflect.get(Object(data), "isTyping") === true };
}

/** As people count them: a flag or a letter with accents is one character. */
export const MAX_NAME_CHARACTERS = 40;
/** In UTF-16 code units, because one character may carry any number of accents. */
const MAX_NAME_LENGTH = 200;
/** Created for the first name: creating it takes 9 ms, and the function never needs it. */
let segmenter: Intl.Segmenter | undefined;

/** Control, direction and line characters; the joiners that some scripts and emoji need may stay. */
const UNSAFE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const VISIBLE = /[^\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * A display name that is safe inside any sentence: on one line, with no control over its direction,
 * and cut between characters. Returns undefined if nothing of it can be seen.
 */
export function cleanName(name: string): string | undefined {
  const plain = name.slice(0, 10 * MAX_NAME_LENGTH).replace(UNSAFE, " ");
  segmenter ??= new Intl.Segmenter();
  const characters = [...segmenter.segment(plain.replace(/\s+/gu, " ").trim())];
  let clean = "";
  for (const { segment } of characters.slice(0, MAX_NAME_CHARACTERS)) {
    if (clean.length + segment.length > MAX_NAME_LENGTH) break;
    clean += segment;
  }
  return isVisible(clean) ? clean.trim() : undefined;
}

export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}

function hasString<Key extends string>(data: unknown, key: Key): data is { [K in Key]: string } {
  return (
    typeof data === "object" &&
    data !== null &&
    Object.hasOwn(data, key) &&
    typeof (data as Record<string, unknown>)[key] === "string"
  );
}
