import { PresenceAction, type PresenceMessage } from "./protocol.ts";

/** A presence message as a channel keeps it: who it is from is known. */
export type Member = PresenceMessage & {
  id: string;
  clientId: string;
  connectionId: string;
  timestamp: number;
};

/** Who is present on one channel: one member for each connection and clientId. */
export class PresenceSet {
  #members = new Map<string, Member>();

  get size(): number {
    return this.#members.size;
  }

  list(): Member[] {
    return [...this.#members.values()];
  }

  has(member: Member): boolean {
    return this.#members.has(keyOf(member));
  }

  /**
   * Takes in one message, and returns what the others are told, or undefined if it is no news:
   * older than what is known, sent twice (as after a resume), or a leave of someone not there.
   * An update of someone not there enters, and an enter of someone there updates, as at Ably.
   */
  apply(message: Member): Member | undefined {
    const known = this.#members.get(keyOf(message));
    if (known && !isNewer(message, known)) return undefined;
    if (message.action === PresenceAction.LEAVE || message.action === PresenceAction.ABSENT) {
      return known && this.#remove(message, known);
    }
    this.#members.set(keyOf(message), { ...message, action: PresenceAction.PRESENT });
    return { ...message, action: known ? PresenceAction.UPDATE : PresenceAction.ENTER };
  }

  /** A leave without data of its own tells the last data. */
  #remove(message: Member, known: Member): Member {
    this.#members.delete(keyOf(message));
    const { data, encoding } = message.data === undefined ? known : message;
    return { ...message, data, encoding, extras: message.extras ?? known.extras };
  }
}

function keyOf({ connectionId, clientId }: Member): string {
  return `${connectionId}:${clientId}`;
}

/** By msgSerial and index, which an id ends in; by time if the server made one of the two. */
function isNewer(one: Member, other: Member): boolean {
  const isByServer = [one, other].some(({ id, connectionId }) => !id.startsWith(connectionId));
  if (isByServer) return one.timestamp >= other.timestamp;
  const [, msgSerial = 0, index = 0] = one.id.split(":").map(Number);
  const [, otherSerial = 0, otherIndex = 0] = other.id.split(":").map(Number);
  return msgSerial === otherSerial ? index > otherIndex : msgSerial > otherSerial;
}
