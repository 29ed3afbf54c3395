/** SHOWN. Text for people: sentences with names in them, and whatever a message carries. */

/**
 * A sentence in parts. A view sets names apart, because a name may say anything, and writes only the
 * values that change, because a translating browser has replaced the words around them.
 */
export type Words = (string | { name: string } | { value: string })[];

export function describeUnknown(name: unknown, data: unknown): string {
  const label = typeof name === "string" && name !== "" ? name : "(no name)";
  const text = describeData(data);
  return text === "" ? label : `${label}: ${text}`;
}

function describeData(data: unknown): string {
  if (data === undefined || data === null) return "";
  const text = describeBinary("", data);
  if (typeof text === "string") return text;
  // What came as JSON has nothing binary inside, and a call for each of its values takes long.
  const json = toJson(data);
  return json === "{}" ? "" : json;
}

/** All that Ably delivered with a message, as JSON in many lines. */
export function describeRaw(raw: unknown): string {
  return toJson(raw, describeBinary, 2);
}

/** JSON of anything. Never throws. */
function toJson(value: unknown, replacer?: typeof describeBinary, indent?: number): string {
  try {
    return JSON.stringify(value, replacer, indent) ?? String(value);
  } catch {
    return "(data that cannot be shown)";
  }
}

function describeBinary(_key: string, value: unknown): unknown {
  if (!(value instanceof ArrayBuffer || ArrayBuffer.isView(value))) return value;
  const { byteLength } = value;
  return `(${byteLength} ${byteLength === 1 ? "byte" : "bytes"} of binary data)`;
}
