/** JSON or MessagePack, as each client asks. Binary data is bytes inside, and base64 in JSON. */
import { decode as decodeMsgpack, encode as encodeMsgpack } from "@msgpack/msgpack";
import { AblyError } from "./error.ts";

export type Format = "json" | "msgpack";

/** As they are, without a charset: clients read the body of an error only then. */
export const CONTENT_TYPE = { json: "application/json", msgpack: "application/x-msgpack" } as const;

export function formatOf(contentType = ""): Format {
  return contentType.includes("msgpack") ? "msgpack" : "json";
}

export function encode(value: unknown, format: Format): string | Uint8Array {
  return format === "msgpack"
    ? encodeMsgpack(value, { ignoreUndefined: true })
    : JSON.stringify(value, binaryAsBase64);
}

/** Refuses bytes that are not in that format. `what` they are begins the sentence. */
export function decode(
  bytes: Uint8Array,
  format: Format,
  what = "What was sent",
  code = 40000,
): unknown {
  try {
    return format === "msgpack" ? decodeMsgpack(bytes) : JSON.parse(String(bytes));
  } catch {
    throw new AblyError(code, `${what} is not valid ${format}.`);
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isBytes(value);
}

export function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** A message whose data is bytes becomes one with base64 data, and says so in its encoding. */
function binaryAsBase64(_key: string, value: unknown): unknown {
  if (!isRecord(value) || !isBytes(value.data)) return value;
  const data = Buffer.from(value.data).toString("base64");
  return { ...value, data, encoding: value.encoding ? `${value.encoding}/base64` : "base64" };
}
