import { randomBytes } from "node:crypto";
import { AblyError } from "./error.ts";
import { type Member, PresenceSet } from "./presence.ts";
import { type Message, PresenceAction, isRecord } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** One frame's worth of messages or presence, in the order in which the channel took them. */
export type Entry = {
  /** Sorts as text in the channel's order; ends in the channel's own epoch. */
  serial: string;
  id: string;
  /** ms since the epoch. */
  timestamp: number;
  connectionId: string | undefined;
} & ({ messages: Message[]; presence?: never } | { presence: Member[]; messages?: never });

/** The serial of one message of an entry: sorts as text too. */
export function serialOf(serial: string, index: number): string {
  return `${serial}:${String(index).padStart(3, "0")}`;
}

/** Whoever is told of each new entry. The channel knows no sockets. */
export type Subscriber = { readonly modes: number; receive(entry: Entry): void };

export class Channel {
  readonly name: string;
  readonly members = new PresenceSet();
  readonly subscribers = new Set<Subscriber>();
  #settings: Settings;
  /** Tells this channel from its like before a restart: nothing is continuous with that. */
  #epoch = randomBytes(6).toString("hex");
  #log: Entry[] = [];
  #byId = new Map<string, Entry>();
  #last = { timestamp: Date.now(), count: 0 };
  /** The newest serial that is no longer kept. What follows an older one has a gap. */
  #forgotten = this.serial;

  constructor(name: string, settings: Settings) {
    this.name = name;
    this.#settings = settings;
  }

  /** Where the channel is now. */
  get serial(): string {
    const { timestamp, count } = this.#last;
    return `${String(timestamp).padStart(14, "0")}-${String(count).padStart(6, "0")}@${this.#epoch}`;
  }

  /**
   * Takes messages in and tells everyone. What was published before with the same first id, be it
   * the publisher's own or the frame's that is sent again, is not taken twice: its entry is returned.
   * @param id names the messages that have no id of their own.
   */
  publish(messages: Message[], id: string, connectionId?: string): Entry {
    const firstId = messages[0]?.id ?? `${id}:0`;
    const before = this.#byId.get(firstId);
    if (before) return before;

    const { serial, timestamp } = this.#next();
    const kept = messages.map((message, index) => ({
      ...message,
      id: message.id ?? `${id}:${index}`,
      timestamp,
      connectionId,
      serial: serialOf(serial, index),
      action: 0,
    }));
    const entry = { serial, id, timestamp, connectionId, messages: kept };
    if (messages.every(isEphemeral)) this.#tell(entry);
    else {
      this.#byId.set(firstId, entry);
      this.#add(entry);
    }
    return entry;
  }

  /** Takes presence in, and tells everyone what is new in it. Throws 91003 if the channel is full. */
  updatePresence(presence: Omit<Member, "timestamp">[], id: string, connectionId: string): void {
    const next = this.#next();
    const { timestamp } = next;
    const dated = presence.map((member): Member => ({ ...member, timestamp }));
    const entering = dated.filter(
      (member) => member.action !== PresenceAction.LEAVE && !this.members.has(member),
    );
    const { maxPresenceMembers: limit } = this.#settings;
    if (entering.length > 0 && this.members.size + entering.length > limit) {
      throw new AblyError(91003, 400, `The channel has its limit of ${limit} presence members.`);
    }
    const changed = dated.flatMap((member) => this.members.apply(member) ?? []);
    if (changed.length > 0) this.#add({ ...next, id, connectionId, presence: changed });
  }

  /** Everyone whom a connection entered leaves: it detached, closed, or was lost for too long. */
  leaveAll(connectionId: string): void {
    const id = randomBytes(6).toString("hex");
    const leaving = this.members
      .list()
      .filter((member) => member.connectionId === connectionId)
      .map((member, index) => ({
        ...member,
        id: `${id}:0:${index}`,
        action: PresenceAction.LEAVE,
      }));
    if (leaving.length > 0) this.updatePresence(leaving, id, connectionId);
  }

  /** What is kept, oldest first. What is too old or too much is forgotten now. */
  entries(): readonly Entry[] {
    const { messageTtl, maxMessagesKept } = this.#settings;
    const oldest = Date.now() - messageTtl;
    const firstFresh = this.#log.findIndex(({ timestamp }) => timestamp >= oldest);
    const expired = firstFresh < 0 ? this.#log.length : firstFresh;
    for (const entry of this.#log.splice(
      0,
      Math.max(expired, this.#log.length - maxMessagesKept),
    )) {
      this.#forgotten = entry.serial;
      this.#byId.delete(entry.messages?.[0]?.id ?? "");
    }
    return this.#log;
  }

  /** All that came after a serial, or undefined if some of it is no longer known. */
  since(serial: string): Entry[] | undefined {
    const entries = this.entries();
    if (!serial.endsWith(`@${this.#epoch}`) || serial < this.#forgotten) return undefined;
    return entries.filter((entry) => entry.serial > serial);
  }

  #next(): { serial: string; timestamp: number } {
    const now = Date.now();
    const { timestamp, count } = this.#last;
    this.#last = now > timestamp ? { timestamp: now, count: 0 } : { timestamp, count: count + 1 };
    return { serial: this.serial, timestamp: this.#last.timestamp };
  }

  #add(entry: Entry): void {
    this.#log.push(entry);
    this.entries();
    this.#tell(entry);
  }

  #tell(entry: Entry): void {
    for (const subscriber of this.subscribers) subscriber.receive(entry);
  }
}

/** For those who are here now, and not kept. https://ably.com/docs/pub-sub/advanced#ephemeral */
function isEphemeral({ extras }: Message): boolean {
  return isRecord(extras) && extras.ephemeral === true;
}
