/** The members of a channel. */
import { memoryOf } from "./message.ts";
import { type Message, PresenceAction } from "./protocol.ts";

const { ENTER, LEAVE, PRESENT, UPDATE } = PresenceAction;

/** The members of one channel: one for each connection and client ID. */
export type Members = Map<string, Message>;
export const keyOf = ({ connectionId, clientId }: Message) => `${connectionId}:${clientId}`;

/** Returns what subscribers receive, if anything. As at Ably, an absent member enters by update. */
export function applyPresence(message: Message, members: Members, memory: { present: number }) {
  const key = keyOf(message);
  const known = members.get(key);
  if (known && !isNewer(message, known)) return undefined;
  memory.present -= known ? memoryOf(known) : 0;
  if (message.action !== LEAVE) {
    memory.present += memoryOf(message);
    members.set(key, { ...message, action: PRESENT });
    return { ...message, action: known ? UPDATE : ENTER };
  }
  members.delete(key);
  if (!known) return undefined;
  // A leave without data repeats the last data.
  const { data, encoding } = message.data === undefined ? known : message;
  return { ...message, data, encoding, extras: message.extras ?? known.extras };
}

/** Compares msgSerial and index, with which IDs end. If the server made one of them, the time. */
function isNewer(one: Message, other: Message): boolean {
  const isByServer = [one, other].some(({ id, connectionId = "" }) => !id.startsWith(connectionId));
  if (isByServer) return one.timestamp >= other.timestamp;
  const [, msgSerial = 0, index = 0] = one.id.split(":").map(Number);
  const [, otherSerial = 0, otherIndex = 0] = other.id.split(":").map(Number);
  return msgSerial === otherSerial ? index > otherIndex : msgSerial > otherSerial;
}
