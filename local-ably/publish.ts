/** What Ably checks of a publish, whether it comes by socket or by REST. */
import type { Identity } from "./auth.ts";
import { requireCapability } from "./capability.ts";
import { AblyError } from "./error.ts";
import type { Message } from "./protocol.ts";

const CREATE = 0;

/** The messages as they will be kept, with their sender filled in. Throws the reason to refuse. */
export function checkPublish(
  messages: Message[],
  channel: string,
  { capability, clientId }: Identity,
  maxMessageSize: number,
): Message[] {
  requireCapability(capability, channel, "publish");
  if (messages.some(({ action = CREATE }) => action !== CREATE)) throw noMutableMessages();
  const size = messages.reduce((sum, message) => sum + sizeOf(message), 0);
  if (size > maxMessageSize) {
    throw new AblyError(40009, 413, `The messages have ${size} bytes; ${maxMessageSize} may pass.`);
  }
  checkIds(messages.map(({ id }) => id));
  // A connection's key has served its end, and is for nobody else to see.
  return messages.map((message) => ({
    ...message,
    connectionKey: undefined,
    clientId: senderOf(message.clientId, clientId),
  }));
}

/** Who sends: the token's clientId, or any that is named under a wildcard. Throws 40012. */
export function senderOf(named: string | undefined, own: string | undefined): string | undefined {
  if (named === undefined) return own === "*" ? undefined : own;
  const isAllowed = own === "*" ? named !== "*" && named !== "" : named === own;
  if (isAllowed) return named;
  const name = JSON.stringify(named);
  throw new AblyError(40012, 400, `The clientId ${name} is not the connection's (${own}).`);
}

/** Ably's code where the channel's rule for them is not set. */
export function noMutableMessages(): AblyError {
  const what = "updates, deletes, appends or annotations of messages";
  return new AblyError(93002, 400, `Local Ably has no ${what}.`);
}

/** Several messages with ids of their own are one publish: `base:0`, `base:1`, … */
function checkIds(ids: (string | undefined)[]): void {
  if (ids.every((id) => id === undefined)) return;
  if (ids.length === 1 && ids[0] !== "") return;
  const base = ids[0]?.replace(/:0$/, "");
  if (base && ids.every((id, index) => id === `${base}:${index}`)) return;
  throw new AblyError(40031, 400, "The ids of several messages must be base:0, base:1 and so on.");
}

/** In bytes, as Ably counts: https://ably.com/docs/platform/pricing/limits#message */
function sizeOf({ name = "", clientId = "", data = "", extras }: Message): number {
  const parts = [name, clientId, data, extras === undefined ? "" : JSON.stringify(extras)];
  return parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
}
