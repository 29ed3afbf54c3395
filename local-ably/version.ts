/** Changes of messages. https://ably.com/docs/messages/updates-deletes */
import { AblyError } from "./error.ts";
import { isBytes } from "./format.ts";
import { type Content, type Message, MessageAction, type Version } from "./protocol.ts";

/** Returns the next version: what the change has replaces what the message had. */
export function merge(current: Message, change: Content, version: Version): Message {
  const isAppend = change.action === MessageAction.APPEND;
  const replaced = change.data === undefined ? current : change;
  const { data, encoding } = isAppend ? append(current, change) : replaced;
  const name = change.name ?? current.name;
  const extras = change.extras ?? current.extras;
  const action = isAppend ? MessageAction.UPDATE : change.action;
  return { ...current, name, extras, data, encoding, action, version };
}

/** Appends a string to a string, or binary to binary. */
function append(current: Content, change: Content): Content {
  const [one, other] = [current.data, change.data];
  if (other === undefined) return current;
  if (one === undefined) return change;
  if (current.encoding === undefined && change.encoding === undefined) {
    if (typeof one === "string" && typeof other === "string") return { data: one + other };
    if (isBytes(one) && isBytes(other)) return { data: Buffer.concat([one, other]) };
  }
  throw new AblyError(40013, "Append a string to a string, or binary to binary; nothing else.");
}
