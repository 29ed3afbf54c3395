/** Text for people: sentences with names in them, and whatever a message carries. */

/** A sentence in parts, so that a view can set names apart: a name may say anything. */
export type Words = (string | { name: string })[];

/** How much of a text is laid out at once, in UTF-16 code units and in lines. */
const MAX_TEXT_LENGTH = 2_000;
const MAX_TEXT_LINES = 100;
/** Browsers need seconds for thousands of accents on one letter. */
const MANY_ACCENTS = /\p{M}{30}/u;
const CHARACTERS = new Intl.Segmenter();

/** Returns the beginning of a text that is slow to show, cut between characters, or the whole text. */
export function shorten(text: string): string {
  const lines = text.slice(0, MAX_TEXT_LENGTH).split("\n").slice(0, MAX_TEXT_LINES).join("\n");
  const end = MANY_ACCENTS.exec(lines)?.index ?? lines.length;
  if (end === text.length) return text;
  const { index = end } = CHARACTERS.segment(text.slice(0, end + 64)).containing(end) ?? {};
  return text.slice(0, index);
}

export function describeUnknown(name: unknown, data: unknown): string {
  const label = typeof name === "string" && name !== "" ? name : "(no name)";
  const text = describeData(data);
  return text === "" ? label : `${label}: ${text}`;
}

function describeData(data: unknown): string {
  if (data === undefined || data === null) return "";
  if (typeof data === "string") return data;
  const bytes = sizeOf(data);
  if (bytes !== undefined) return `(${bytes} ${bytes === 1 ? "byte" : "bytes"} of binary data)`;
  const json = toJson(data);
  return json === "{}" ? "" : json;
}

/** JSON of anything, for people to read. Never throws. */
export function toJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, describeBinary, indent) ?? String(value);
  } catch {
    return "(data that cannot be shown)";
  }
}

function describeBinary(_key: string, value: unknown): unknown {
  const bytes = sizeOf(value);
  return bytes === undefined ? value : `(${bytes} bytes of binary data)`;
}

function sizeOf(value: unknown): number | undefined {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? value.byteLength : undefined;
}
