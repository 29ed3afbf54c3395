import { memoryOf } from "./message.ts";
import { type Message, PresenceAction } from "./protocol.ts";

const keyOf = ({ connectionId, clientId }: Message): string => `${connectionId}:${clientId}`;

/** The members of one channel: one for each connection and client ID. */
export class PresenceSet {
  readonly #members = new Map<string, Message>();
  readonly #memory: { present: number };

  constructor(memory: { present: number }) {
    this.#memory = memory;
  }

  get size(): number {
    return this.#members.size;
  }

  list(): Message[] {
    return [...this.#members.values()];
  }

  has(member: Message): boolean {
    return this.#members.has(keyOf(member));
  }

  /** Returns what subscribers receive, if anything. As at Ably, an absent member enters by update. */
  apply(message: Message): Message | undefined {
    const known = this.#members.get(keyOf(message));
    if (known && !isNewer(message, known)) return undefined;
    this.#memory.present -= known ? memoryOf(known) : 0;
    if (message.action !== PresenceAction.LEAVE) {
      this.#memory.present += memoryOf(message);
      this.#members.set(keyOf(message), { ...message, action: PresenceAction.PRESENT });
      return { ...message, action: known ? PresenceAction.UPDATE : PresenceAction.ENTER };
    }
    this.#members.delete(keyOf(message));
    if (!known) return undefined;
    // A leave without data repeats the last data.
    const { data, encoding } = message.data === undefined ? known : message;
    return { ...message, data, encoding, extras: message.extras ?? known.extras };
  }
}

/** Compares msgSerial and index, with which IDs end. If the server made one of them, the time. */
function isNewer(one: Message, other: Message): boolean {
  const isByServer = [one, other].some(({ id, connectionId = "" }) => !id.startsWith(connectionId));
  if (isByServer) return one.timestamp >= other.timestamp;
  const [, msgSerial = 0, index = 0] = one.id.split(":").map(Number);
  const [, otherSerial = 0, otherIndex = 0] = other.id.split(":").map(Number);
  return msgSerial === otherSerial ? index > otherIndex : msgSerial > otherSerial;
}
