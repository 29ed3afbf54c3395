import type { Message } from "./message.ts";
import { PresenceAction } from "./protocol.ts";

/** Who is present on one channel: one member for each connection and clientId. */
export class PresenceSet {
  readonly #members = new Map<string, Message>();

  get size(): number {
    return this.#members.size;
  }

  list(): Message[] {
    return [...this.#members.values()];
  }

  has(member: Message): boolean {
    return this.#members.has(keyOf(member));
  }

  /**
   * Takes in one message, and returns what the others are told, or undefined if it is no news:
   * older than what is known, sent twice (as after a resume), or a leave of someone not there.
   * An update of someone not there enters, and an enter of someone there updates, as at Ably.
   */
  apply(message: Message): Message | undefined {
    const key = keyOf(message);
    const known = this.#members.get(key);
    if (known && !isNewer(message, known)) return undefined;
    if (message.action !== PresenceAction.LEAVE) {
      this.#members.set(key, { ...message, action: PresenceAction.PRESENT });
      return { ...message, action: known ? PresenceAction.UPDATE : PresenceAction.ENTER };
    }
    this.#members.delete(key);
    if (!known) return undefined;
    // A leave without data of its own tells the last data.
    const { data, encoding } = message.data === undefined ? known : message;
    return { ...message, data, encoding, extras: message.extras ?? known.extras };
  }
}

function keyOf({ connectionId, clientId }: Message): string {
  return `${connectionId}:${clientId}`;
}

/** By msgSerial and index, which an id ends in; by time if the server made one of the two. */
function isNewer(one: Message, other: Message): boolean {
  const isByServer = [one, other].some(({ id, connectionId = "" }) => !id.startsWith(connectionId));
  if (isByServer) return one.timestamp >= other.timestamp;
  const [, msgSerial = 0, index = 0] = one.id.split(":").map(Number);
  const [, otherSerial = 0, otherIndex = 0] = other.id.split(":").map(Number);
  return msgSerial === otherSerial ? index > otherIndex : msgSerial > otherSerial;
}
