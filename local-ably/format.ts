/** JSON or MessagePack, as the client asks. Binary data is bytes here, and base64 in JSON. */
import { decode as decodeMsgpack, encode as encodeMsgpack } from "@msgpack/msgpack";
import { AblyError } from "./error.ts";

export type Format = "json" | "msgpack";

/** Without a charset: clients read the body of an error only if the type matches exactly. */
export const CONTENT_TYPE = { json: "application/json", msgpack: "application/x-msgpack" } as const;

export function formatOf(contentType = ""): Format {
  return contentType.includes("msgpack") ? "msgpack" : "json";
}

export function encode(value: unknown, format: Format): Uint8Array {
  if (format === "msgpack") return encodeMsgpack(value, { ignoreUndefined: true });
  return Buffer.from(JSON.stringify(value, binaryAsBase64));
}

/** Throws `code` if the bytes are not in that format. The message starts with `subject`. */
export function decode(
  bytes: Uint8Array,
  format: Format,
  subject = "The data sent",
  code = 40000,
): unknown {
  try {
    return format === "msgpack" ? decodeMsgpack(bytes) : JSON.parse(String(bytes));
  } catch {
    throw new AblyError(code, `${subject} is not valid ${format}.`);
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

/** Replaces the bytes of a message with base64, and adds that to its encoding. */
function binaryAsBase64(_key: string, value: unknown): unknown {
  if (!isRecord(value) || !isBytes(value.data)) return value;
  const data = Buffer.from(value.data).toString("base64");
  return { ...value, data, encoding: value.encoding ? `${value.encoding}/base64` : "base64" };
}
