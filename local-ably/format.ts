/** JSON or MessagePack, as the client asks. Binary data is bytes here, and base64 in JSON. */
import { decode as decodeMsgpack, encode as encodeMsgpack } from "@msgpack/msgpack";
import { AblyError } from "./error.ts";

export type Format = "json" | "msgpack";
export type Fields = Record<string, unknown>;

/** Without a charset: with one, clients do not read the body of an error. */
export const CONTENT_TYPE = { json: "application/json", msgpack: "application/x-msgpack" } as const;

export const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
export const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isBytes(value);
export const toText = (value: unknown) => (typeof value === "string" ? value : undefined);
export const formatOf = (type = ""): Format => (type.includes("msgpack") ? "msgpack" : "json");

export function encode(value: unknown, format: Format): Uint8Array {
  if (format === "msgpack") return encodeMsgpack(value, { ignoreUndefined: true });
  return Buffer.from(JSON.stringify(value, binaryAsBase64));
}

export function decode(bytes: Uint8Array, format: Format, subject = "The data", code = 40000) {
  try {
    const value: unknown = format === "json" ? JSON.parse(String(bytes)) : decodeMsgpack(bytes);
    return value;
  } catch {
    throw new AblyError(code, `${subject} is not valid ${format}.`);
  }
}

function binaryAsBase64(_key: string, value: unknown): unknown {
  if (!isRecord(value) || !isBytes(value.data)) return value;
  const data = Buffer.from(value.data).toString("base64");
  return { ...value, data, encoding: value.encoding ? `${value.encoding}/base64` : "base64" };
}
