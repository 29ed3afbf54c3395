import { randomBytes } from "node:crypto";
import { AblyError } from "./error.ts";
import { type Member, PresenceSet } from "./presence.ts";
import { type Message, PresenceAction } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** One frame's worth of messages or presence, in the order in which the channel took them. */
export type Entry = {
  /** Sorts as text in the channel's order; ends in the channel's own epoch. */
  serial: string;
  id: string;
  timestamp: number;
  connectionId?: string | undefined;
} & ({ messages: Message[]; presence?: never } | { presence: Member[]; messages?: never });

/** Whoever is told of each new entry. The channel knows no sockets. */
export type Subscriber = { readonly modes: number; receive(entry: Entry): void };

export class Channel {
  readonly name: string;
  readonly members = new PresenceSet();
  readonly subscribers = new Set<Subscriber>();
  #settings: Settings;
  /** Tells this channel from one of the same name before a restart: nothing is continuous with that. */
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

  get isIdle(): boolean {
    return this.subscribers.size === 0 && this.members.size === 0 && this.entries().length === 0;
  }

  /**
   * Takes messages in and tells everyone. If a publisher's own id is known already, the entry of
   * the first time is returned and no one hears it twice. `id` names those without an id of their own.
   */
  publish(messages: Message[], id: string, connectionId?: string): Entry {
    const given = messages[0]?.id;
    const before = given === undefined ? undefined : this.#byId.get(given);
    if (before) return before;

    const { serial, timestamp } = this.#next();
    const entry: Entry = {
      serial,
      id,
      timestamp,
      connectionId,
      messages: messages.map((message, index) => ({
        ...message,
        id: message.id ?? `${id}:${index}`,
        timestamp,
        ...(connectionId !== undefined && { connectionId }),
        serial: `${serial}:${String(index).padStart(3, "0")}`,
        action: 0,
      })),
    };
    if (given !== undefined) this.#byId.set(given, entry);
    this.#add(entry);
    return entry;
  }

  /** Takes presence in, and tells everyone what is new in it. Throws 91003 if the channel is full. */
  updatePresence(presence: Member[], id: string, connectionId: string): void {
    const entering = presence.filter(
      (member) => member.action !== PresenceAction.LEAVE && !this.members.has(member),
    );
    if (this.members.size + entering.length > this.#settings.maxPresenceMembers) {
      const limit = this.#settings.maxPresenceMembers;
      throw new AblyError(91003, 400, `The channel has its limit of ${limit} presence members.`);
    }
    const { timestamp } = this.#last;
    const changed = presence
      .map((member) =>
        this.members.apply({ ...member, timestamp: Math.max(timestamp, Date.now()) }),
      )
      .filter((member) => member !== undefined);
    if (changed.length === 0) return;
    const next = this.#next();
    this.#add({ ...next, id, connectionId, presence: changed });
  }

  /** Everyone whom a connection entered leaves: it detached, closed, or was lost for too long. */
  leaveAll(connectionId: string): void {
    const id = `${randomBytes(6).toString("hex")}:0`;
    const leaving = this.members.of(connectionId).map((member, index) => ({
      ...member,
      id: `${id}:${index}`,
      action: PresenceAction.LEAVE,
    }));
    if (leaving.length > 0) this.updatePresence(leaving, id, connectionId);
  }

  /** What is kept, oldest first. */
  entries(): readonly Entry[] {
    const { messageTtl, maxMessagesKept } = this.#settings;
    const oldest = Date.now() - messageTtl;
    let drop = Math.max(0, this.#log.length - maxMessagesKept);
    while (drop < this.#log.length && (this.#log[drop]?.timestamp ?? 0) < oldest) drop++;
    for (const entry of this.#log.splice(0, drop)) {
      this.#forgotten = entry.serial;
      const first = entry.messages?.[0]?.id;
      if (first !== undefined) this.#byId.delete(first);
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
    for (const subscriber of this.subscribers) subscriber.receive(entry);
  }
}
