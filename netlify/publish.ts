/**
 * KEPT. Publishes into a room from any function of yours: a webhook, a form, a scheduled function.
 * The function uses your Ably key, so it must check who calls it.
 */
import { createHmac } from "node:crypto";
import type { Context } from "@netlify/functions";
import Ably from "ably";
import { chat } from "../src/app.ts";
import {
  type Data,
  type MessageName,
  SERVER,
  channelName,
  isBinary,
  isServer,
  parseMessage,
} from "../src/realtime/contract.ts";
import type { ErrorInfo } from "../src/realtime/errors.ts";
import { readDeployContext, readKey, withoutSecret } from "./functions/ably-token-request/key.ts";
import { localAblyOptions, usesLocalAbly } from "./functions/ably-token-request/local-ably.ts"; // delete with local-ably/

type PublishOptions = {
  /**
   * Identifies the message: for two minutes, Ably drops another one that you publish with the same ID
   * and `clientId`. A webhook's own ID is good. Ably gets a hash of both, so that no visitor can
   * publish the same ID before.
   */
  id?: string;
  /** The sender: `server` or `server:NAME`. The token function signs neither for a visitor. */
  clientId?: string;
};

/**
 * Publishes a message of src/app.ts in the rooms of the function's deploy context. Does not throw:
 * resolves to undefined when Ably has accepted the message, else to Ably's error, or that of a missing
 * key. No error holds the key.
 * @param room As the page gives it to `openRoom`. `parseRoomName` gives a visitor's one spelling.
 */
export async function publish<Name extends MessageName<typeof chat>>(
  context: Pick<Context, "deploy">,
  room: string,
  name: Name,
  data: Data<typeof chat, Name>,
  { id, clientId = SERVER }: PublishOptions = {},
): Promise<ErrorInfo | undefined> {
  if (!isServer(clientId)) return refusal(`Use "server" or "server:NAME", and not "${clientId}".`);
  try {
    // As it arrives: a schema may make another type of it, such as a Date of a text.
    const json = JSON.parse(JSON.stringify({ data })).data;
    const matches = (sent: unknown) => parseMessage(chat, name, sent, clientId) !== undefined;
    const sent = !isBinary(data) && matches(json) ? json : data;
    if (!matches(sent)) return refusal(`This is not a "${name}" of src/app.ts.`);
    const channel = openChannel(context, room, clientId);
    const message = { name, data: sent };
    await channel.publish(id ? { id: hash(clientId, id), ...message } : message);
    return undefined;
  } catch (error) {
    return toErrorInfo(error);
  }
}

/**
 * Returns a room's channel in the function's deploy context, for what `publish` does not do, such as
 * appends. It checks no message, and throws where `publish` returns an error.
 */
export function openChannel(
  context: Pick<Context, "deploy">,
  room: string,
  clientId = SERVER,
): Ably.Channel {
  const options: Ably.ClientOptions = { key: readKey(process.env), clientId };
  if (usesLocalAbly(process.env)) Object.assign(options, localAblyOptions(process.env)); // delete with local-ably/
  const ably = new Ably.Rest(options);
  return ably.channels.get(channelName(room, readDeployContext(context)));
}

function hash(...parts: string[]): string {
  return createHmac("sha256", readKey(process.env)).update(JSON.stringify(parts)).digest("hex");
}

function refusal(message: string): ErrorInfo {
  return { code: 40000, statusCode: 400, message };
}

function toErrorInfo(error: unknown): ErrorInfo {
  const { code, statusCode, message } = error as Partial<ErrorInfo>;
  return {
    code: code ?? 50000,
    statusCode: statusCode ?? 500,
    message: withoutSecret(message ?? String(error)),
  };
}
