/** What Ably checks of a publish, whether it comes by socket or by REST. */
import type { Identity } from "./auth.ts";
import { permits } from "./capability.ts";
import { AblyError } from "./error.ts";
import { type Message, isBytes } from "./protocol.ts";
import type { Settings } from "./settings.ts";

const CREATE = 0;

/** The messages as they will be kept, with their sender filled in. Throws the reason to refuse. */
export function checkPublish(
  messages: Message[],
  channel: string,
  { capability, clientId }: Identity,
  { maxMessageSize }: Settings,
): Message[] {
  requireCapability(capability, channel, "publish");
  if (messages.some(({ action = CREATE }) => action !== CREATE)) {
    throw new AblyError(93002, 400, "Local Ably has no updates, deletes or appends of messages.");
  }
  const size = messages.reduce((sum, message) => sum + sizeOf(message), 0);
  if (size > maxMessageSize) {
    throw new AblyError(
      40009,
      413,
      `The messages have ${size} bytes together, and the limit is ${maxMessageSize}.`,
    );
  }
  checkIds(messages);
  return messages.map((message) => {
    const from = senderOf(message.clientId, clientId);
    return from === undefined ? message : { ...message, clientId: from };
  });
}

/** Who sends: the token's clientId, or any that is named under a wildcard. Throws 40012. */
export function senderOf(named: string | undefined, own: string | undefined): string | undefined {
  if (named === "*" || named === "") throw mismatch(named, own);
  if (own === "*") return named;
  if (named !== undefined && named !== own) throw mismatch(named, own);
  return own;
}

/** Throws 40160. */
export function requireCapability(
  capability: Identity["capability"],
  channel: string,
  operation: string,
): void {
  if (permits(capability, channel, operation)) return;
  const name = JSON.stringify(channel);
  throw new AblyError(40160, 401, `The capability does not allow ${operation} on channel ${name}.`);
}

/** Several messages with ids of their own are one publish: `base:0`, `base:1`, … */
function checkIds(messages: Message[]): void {
  if (messages.length < 2 || messages.every(({ id }) => id === undefined)) return;
  const base = messages[0]?.id?.replace(/:0$/, "");
  if (messages.every(({ id }, index) => id === `${base}:${index}`)) return;
  throw new AblyError(40031, 400, "The ids of several messages must be base:0, base:1 and so on.");
}

function sizeOf({ name, clientId, data, extras }: Message): number {
  return (
    Buffer.byteLength(name ?? "") +
    Buffer.byteLength(clientId ?? "") +
    (isBytes(data) || typeof data === "string" ? Buffer.byteLength(data) : 0) +
    (extras ? Buffer.byteLength(JSON.stringify(extras)) : 0)
  );
}

function mismatch(named: string, own = "none"): AblyError {
  return new AblyError(
    40012,
    400,
    `The message's clientId ${JSON.stringify(named)} is not the connection's (${own}).`,
  );
}
