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

  of(connectionId: string): Member[] {
    return this.list().filter((member) => member.connectionId === connectionId);
  }

  has({ connectionId, clientId }: Member): boolean {
    return this.#members.has(keyOf(connectionId, clientId));
  }

  /**
   * Takes in one message, and returns what the others are told, or undefined if it is no news:
   * older than what is known, sent twice (as after a resume), or a leave of someone not there.
   * An update of someone not there enters, and an enter of someone there updates, as at Ably.
   */
  apply(message: Member): Member | undefined {
    const key = keyOf(message.connectionId, message.clientId);
    const known = this.#members.get(key);
    if (known && !isNewer(message, known)) return undefined;
    if (message.action === PresenceAction.LEAVE || message.action === PresenceAction.ABSENT) {
      if (!known) return undefined;
      this.#members.delete(key);
      const { data = known.data, encoding = known.encoding, extras = known.extras } = message;
      return {
        ...message,
        ...(data !== undefined && { data }),
        ...(message.data === undefined && encoding !== undefined && { encoding }),
        ...(extras !== undefined && { extras }),
      };
    }
    this.#members.set(key, { ...message, action: PresenceAction.PRESENT });
    return { ...message, action: known ? PresenceAction.UPDATE : PresenceAction.ENTER };
  }
}

function keyOf(connectionId: string, clientId: string): string {
  return `${connectionId}:${clientId}`;
}

/** By msgSerial and index, which an id ends in; by time if the server made one of the two. */
function isNewer(one: Member, other: Member): boolean {
  const [a, b] = [orderOf(one), orderOf(other)];
  if (!a || !b) return one.timestamp >= other.timestamp;
  return a.msgSerial === b.msgSerial ? a.index > b.index : a.msgSerial > b.msgSerial;
}

function orderOf({ id, connectionId }: Member): { msgSerial: number; index: number } | undefined {
  const [from, msgSerial, index] = id.split(":");
  if (from !== connectionId) return undefined;
  return { msgSerial: Number(msgSerial), index: Number(index) };
}
