import { randomUUID } from "node:crypto";
import { check } from "./error.ts";
import { type Draft, type Message, checkExtras, refuseMutableMessages, sizeOf } from "./message.ts";
import { PresenceSet } from "./presence.ts";
import { Action, type Entry, PresenceAction } from "./protocol.ts";
import type { Settings } from "./settings.ts";

const CREATE = 0;
const { ENTER, LEAVE, PRESENT, UPDATE } = PresenceAction;
const PRESENCE_ACTIONS: unknown[] = [ENTER, LEAVE, PRESENT, UPDATE];

/** Whoever is told of each new entry. The channel knows no sockets. */
export type Subscriber = { readonly modes: number; receive(entry: Entry): void };

/** What the channels of an app share. */
type Owner = { readonly settings: Settings; bytesKept: number; sweep(): void };

export class Channel {
  readonly name: string;
  readonly members = new PresenceSet();
  /** By the ids of their connections. */
  readonly subscribers = new Map<string, Subscriber>();
  readonly #app: Owner;
  /** Tells this channel from its like before a restart: nothing is continuous with that. */
  readonly #epoch = randomUUID();
  readonly #log: Entry[] = [];
  readonly #byId = new Map<string, Message[]>();
  #last = { timestamp: Date.now(), count: 0 };
  /** The newest serial that is no longer kept. What follows an older one has a gap. */
  #forgotten = this.serial;

  constructor(name: string, app: Owner) {
    this.name = name;
    this.#app = app;
  }

  /** Where the channel is now. */
  get serial(): string {
    const { timestamp, count } = this.#last;
    return `${String(timestamp).padStart(14, "0")}-${String(count).padStart(6, "0")}@${this.#epoch}`;
  }

  /**
   * Takes messages in and tells everyone. What was published before with the same first id, be it
   * the publisher's own or the frame's that is sent again, is not taken twice: what was is returned.
   * @param id names the messages that have no id of their own.
   */
  publish(drafts: Draft[], id: string, connectionId?: string): Message[] {
    const firstId = drafts[0]?.id ?? `${id}:0`;
    const before = this.#byId.get(firstId);
    if (before) return before;
    if (drafts.some(({ action = CREATE }) => action !== CREATE)) refuseMutableMessages();
    for (const { extras } of drafts) checkExtras(extras);

    const messages = this.#date(drafts, id, connectionId).map((message, index) => ({
      ...message,
      serial: serialOf(this.serial, index),
      action: CREATE,
    }));
    this.#add({ action: Action.MESSAGE, messages }, id, connectionId);
    return messages;
  }

  /** Takes presence in, and tells everyone what is new in it. Throws 91003 if the channel is full. */
  updatePresence(drafts: Draft[], id: string, connectionId: string): void {
    const areKnown = drafts.every(({ action }) => PRESENCE_ACTIONS.includes(action));
    check(areKnown, 40000, "A presence message has no known action.");
    const dated = this.#date(drafts, id, connectionId);
    const entering = dated.filter((member) => member.action !== LEAVE && !this.members.has(member));
    const { maxPresenceMembers: limit } = this.#app.settings;
    const hasRoom = entering.length === 0 || this.members.size + entering.length <= limit;
    check(hasRoom, 91003, `The channel has its limit of ${limit} presence members.`);
    const presence = dated.flatMap((member) => this.members.apply(member) ?? []);
    if (presence.length > 0) this.#add({ action: Action.PRESENCE, presence }, id, connectionId);
  }

  /** Everyone whom a connection entered leaves: it detached, closed, or was lost for too long. */
  leaveAll(connectionId: string): void {
    const leaving = this.members
      .list()
      .filter((member) => member.connectionId === connectionId)
      .map((member) => ({ ...member, id: undefined, action: LEAVE }));
    if (leaving.length > 0) this.updatePresence(leaving, randomUUID(), connectionId);
  }

  /** What is kept, oldest first. */
  entries(): readonly Entry[] {
    const { messageTtl, maxMessagesKept } = this.#app.settings;
    const oldest = Date.now() - messageTtl;
    while (this.#log.length > maxMessagesKept || Number(this.#log[0]?.timestamp) < oldest) {
      this.#forgetOldest();
    }
    return this.#log;
  }

  /** All that came after a serial, or undefined if some of it is no longer known. */
  since(serial: string): Entry[] | undefined {
    const entries = this.entries();
    if (!serial.endsWith(`@${this.#epoch}`) || serial < this.#forgotten) return undefined;
    return entries.filter(({ channelSerial }) => channelSerial > serial);
  }

  /** Whether it may be dropped: nobody is here, and nothing is kept. */
  isIdle(): boolean {
    return this.subscribers.size + this.members.size + this.entries().length === 0;
  }

  /** Moves on to the next serial, and gives it to what comes in. */
  #date(drafts: Draft[], id: string, connectionId: string | undefined): Message[] {
    const now = Date.now();
    const { timestamp, count } = this.#last;
    this.#last = now > timestamp ? { timestamp: now, count: 0 } : { timestamp, count: count + 1 };
    return drafts.map((draft, index) => ({
      ...draft,
      id: draft.id ?? `${id}:${index}`,
      connectionId,
      timestamp: this.#last.timestamp,
    }));
  }

  #add(body: Pick<Entry, "action" | "messages" | "presence">, id: string, connectionId?: string) {
    const { timestamp } = this.#last;
    const common = { channel: this.name, channelSerial: this.serial, id, connectionId, timestamp };
    const entry: Entry = { ...common, ...body };
    // Only for those who are here now: https://ably.com/docs/pub-sub/advanced#ephemeral
    const isEphemeral = entry.messages?.every(({ extras }) => extras?.ephemeral === true);
    if (!isEphemeral) this.#keep(entry);
    for (const subscriber of this.subscribers.values()) subscriber.receive(entry);
  }

  #keep(entry: Entry): void {
    this.#log.push(entry);
    if (entry.messages) this.#byId.set(entry.messages[0]?.id ?? "", entry.messages);
    const app = this.#app;
    const { maxBytesKept } = app.settings;
    app.bytesKept += sizeOfEntry(entry);
    if (app.bytesKept > maxBytesKept) app.sweep();
    // The channel that grows is the one that forgets.
    while (app.bytesKept > maxBytesKept && this.#log.length > 0) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const entry = this.#log.shift();
    if (!entry) return;
    this.#forgotten = entry.channelSerial;
    this.#byId.delete(entry.messages?.[0]?.id ?? "");
    this.#app.bytesKept -= sizeOfEntry(entry);
  }
}

/** The serial of one message of an entry: sorts as text too. */
export function serialOf(serial: string, index: number): string {
  return `${serial}:${String(index).padStart(6, "0")}`;
}

function sizeOfEntry({ messages = [], presence = [] }: Entry): number {
  return sizeOf([...messages, ...presence]);
}
