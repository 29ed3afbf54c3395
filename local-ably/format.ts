/** JSON or MessagePack, as each client asks. Binary data is bytes inside, and base64 in JSON. */
import { decode as decodeMsgpack, encode as encodeMsgpack } from "@msgpack/msgpack";
import { AblyError } from "./error.ts";
import { isBytes, isRecord } from "./protocol.ts";

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

/** Throws 40000 if the bytes are not in that format. */
export function decode(bytes: Buffer, format: Format): unknown {
  try {
    return format === "msgpack" ? decodeMsgpack(bytes) : JSON.parse(bytes.toString());
  } catch {
    throw new AblyError(40000, 400, `What was sent is not valid ${format}.`);
  }
}

/** A message whose data is bytes becomes one with base64 data, and says so in its encoding. */
function binaryAsBase64(_key: string, value: unknown): unknown {
  if (!isRecord(value) || !isBytes(value.data)) return value;
  const data = Buffer.from(value.data).toString("base64");
  return { ...value, data, encoding: value.encoding ? `${value.encoding}/base64` : "base64" };
}
