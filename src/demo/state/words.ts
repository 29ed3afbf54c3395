/** Text for people: sentences with names in them, times, and whatever a message carries. */

/** A sentence in parts, so that a view can set names apart: a name may say anything. */
export type Words = (string | { name: string })[];

const CHARACTERS = new Intl.Segmenter();

/** The first characters, as people see them, of the first two words. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).slice(0, 2);
  const initials = words.map((word) => [...CHARACTERS.segment(word)][0]?.segment ?? "");
  return initials.join("").toUpperCase() || "?";
}

/** "5 s", "2 min 5 s", "1 h 2 min". */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

export function formatMs(ms: number): string {
  return `${Math.round(ms)} ms`;
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
