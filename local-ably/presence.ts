import type { Budget } from "./budget.ts";
import { type Message, memoryOf } from "./message.ts";
import { PresenceAction } from "./protocol.ts";

/** The members of one channel: one for each connection and client ID. */
export class PresenceSet {
  readonly #members = new Map<string, Message>();
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
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

  /**
   * Applies one presence message. Returns what subscribers receive, or undefined if nothing
   * changed: the message is older than the known one, or the member who leaves is not present.
   * As at Ably, an update of an absent member enters, and an enter of a present one updates.
   */
  apply(message: Message): Message | undefined {
    const known = this.#members.get(keyOf(message));
    if (known && !isNewer(message, known)) return undefined;
    if (message.action !== PresenceAction.LEAVE) {
      this.#set({ ...message, action: PresenceAction.PRESENT }, known);
      return { ...message, action: known ? PresenceAction.UPDATE : PresenceAction.ENTER };
    }
    if (!known) return undefined;
    this.#members.delete(keyOf(message));
    this.#budget.free(memoryOf(known));
    // A leave without data repeats the last data.
    const { data, encoding } = message.data === undefined ? known : message;
    return { ...message, data, encoding, extras: message.extras ?? known.extras };
  }

  #set(member: Message, before: Message | undefined): void {
    if (before) this.#budget.free(memoryOf(before));
    this.#budget.take(memoryOf(member));
    this.#members.set(keyOf(member), member);
  }
}

function keyOf({ connectionId, clientId }: Message): string {
  return `${connectionId}:${clientId}`;
}

/** Compares msgSerial and index, with which IDs end. If the server made one of them, the time. */
function isNewer(one: Message, other: Message): boolean {
  const isByServer = [one, other].some(({ id, connectionId = "" }) => !id.startsWith(connectionId));
  if (isByServer) return one.timestamp >= other.timestamp;
  const [, msgSerial = 0, index = 0] = one.id.split(":").map(Number);
  const [, otherSerial = 0, otherIndex = 0] = other.id.split(":").map(Number);
  return msgSerial === otherSerial ? index > otherIndex : msgSerial > otherSerial;
}
