/** Requests of Ably's REST API: who sends them, and what they contain. */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { App } from "./app.ts";
import type { Credentials, Identity } from "./auth.ts";
import type { Channel } from "./channel.ts";
import type { Host as ConnectionHost } from "./connection.ts";
import { assert, toAblyError } from "./error.ts";
import type { Faults } from "./faults.ts";
import { decode, formatOf } from "./format.ts";
import type { Publisher } from "./publisher.ts";
import type { Settings } from "./settings.ts";

export type Host = ConnectionHost & {
  readonly faults: Faults;
  readonly settings: Settings;
  /** Request bodies that are being received, bytes. */
  bytesBeingReceived: number;
  appOf(identity: Identity): App;
};

export type Call = {
  host: Host;
  request: IncomingMessage;
  path: string;
  query: URLSearchParams;
  /** The key, channel or fault in the path, and the message. */
  name: string;
  serial: string;
};
export type OnChannel = Call & { identity: Identity; channel: Channel };
export type Result = { status?: number; headers?: Record<string, string>; body: unknown };

const MAX_HEADER_LENGTH = 1_000;

const fromBase64 = (text: string): string => Buffer.from(text, "base64").toString();

export function toResult(thrown: unknown) {
  const error = toAblyError(thrown);
  const message = error.message.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, MAX_HEADER_LENGTH);
  const headers = { "x-ably-errorcode": String(error.code), "x-ably-errormessage": message };
  return { status: error.statusCode, headers, body: { error } };
}

export function identify({ host, request, query }: Call): Identity {
  return host.auth.identify(credentialsOf(request, query));
}

export function publisherOf({ channel, host, identity }: OnChannel, id?: string): Publisher {
  const sender = { id: randomBytes(9).toString("base64url"), connectionId: id };
  return { channel, identity, sender, connections: host.connections };
}

/** Receives the request body, and decodes it. Call it only when the caller is authorized. */
export async function readBody({ request, host }: Call): Promise<unknown> {
  const { maxFrameSize, maxBytesBeingReceived } = host.settings;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      host.bytesBeingReceived += chunk.length;
      assert(size <= maxFrameSize, 40009, `The body exceeds ${maxFrameSize} bytes.`, 413);
      const hasRoom = host.bytesBeingReceived <= maxBytesBeingReceived;
      assert(hasRoom, 50003, "Local Ably is receiving too many bodies. Try again later.");
      chunks.push(chunk);
    }
  } finally {
    host.bytesBeingReceived -= size;
  }
  return decode(Buffer.concat(chunks), formatOf(request.headers["content-type"]), "The body");
}

/** Basic and Bearer carry base64. A JWT may also come as it is. */
export function credentialsOf({ headers }: IncomingMessage, query: URLSearchParams): Credentials {
  const [, scheme, value = ""] = /^(basic|bearer) (.+)$/i.exec(headers.authorization ?? "") ?? [];
  const clientId = fromBase64(String(headers["x-ably-clientid"] ?? "")) || undefined;
  if (!scheme) return { ...readCredentials(query), clientId };
  const text = value.includes(".") ? value : fromBase64(value);
  return { [scheme.toLowerCase() === "basic" ? "key" : "token"]: text, clientId };
}

/** The credentials of sockets and of some REST clients. */
export function readCredentials(query: URLSearchParams): Credentials {
  const { key, access_token, accessToken, clientId } = Object.fromEntries(query);
  return { key, token: access_token ?? accessToken, clientId };
}
