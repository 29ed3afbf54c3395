/** The messages, members and annotations of one channel. */
import { randomUUID } from "node:crypto";
import { type AnnotationDraft, Summary, methodOf } from "./annotation.ts";
import { assert } from "./error.ts";
import { type Draft, checkSize, memoryOf, merge } from "./message.ts";
import { type Members, applyPresence, keyOf } from "./presence.ts";
import type { Annotation, Content, Entry, Message } from "./protocol.ts";
import { Action, MessageAction, PresenceAction } from "./protocol.ts";
import type { Settings } from "./settings.ts";

const { CREATE, SUMMARY, APPEND } = MessageAction;
const { ENTER, LEAVE, PRESENT, UPDATE } = PresenceAction;
const PRESENCE_ACTIONS: unknown[] = [ENTER, LEAVE, PRESENT, UPDATE];
const BYTES_PER_ENTRY = 400;

/** Who sends a publish. `id` names the messages that have no id of their own. */
export type Sender = { id: string; connectionId: string | undefined };
/** What an append adds, for subscribers that received the previous version. */
export type Append = { entry: Entry; previousSerial: string };
/** Receives each new entry. The channel knows no sockets. */
export type Subscriber = { readonly modes: number; receive(entry: Entry, append?: Append): void };
type Body = Pick<Entry, "action" | "messages" | "presence" | "annotations">;
/** A kept message with its versions, oldest first. Consecutive appends are one version. */
type Versioned = {
  current: Message;
  versions: Message[];
  annotations: Annotation[];
  summary: Summary;
  isAppended: boolean;
};

type OwnApp = {
  readonly settings: Settings;
  /** Bytes of kept messages and of present members. */
  readonly memory: { kept: number; present: number };
  /** Forgets the oldest of what is kept in all channels, until there is room again. */
  makeRoom(): void;
};

export const channelSerialOf = (serial = ""): string => serial.replace(/:\d+$/, "");
export const serialOf = (channelSerial: string, index: number): string =>
  `${channelSerial}:${String(index).padStart(6, "0")}`;

export class Channel {
  readonly name: string;
  readonly app: OwnApp;
  /** The client that named it first. */
  readonly creator: string;
  readonly members: Members = new Map();
  readonly subscribers = new Map<string, Subscriber>();
  /** Part of each serial, so that serials of an earlier start are recognized. */
  readonly #epoch = randomUUID();
  /** Oldest first. Expired entries stay while there is room, so that they can still be changed. */
  readonly #log: Entry[] = [];
  /** Messages in it, and their bytes. */
  #kept = { count: 0, bytes: 0 };
  readonly #byId = new Map<string, Entry>();
  /** Kept messages that were changed or annotated, by serial. */
  readonly #versioned = new Map<string, Versioned>();
  #last = { timestamp: Date.now(), count: 0 };
  #forgotten = this.serial;

  constructor(name: string, app: OwnApp, creator: string) {
    this.name = name;
    this.app = app;
    this.creator = creator;
  }

  get bytesKept(): number {
    return this.#kept.bytes;
  }

  /** Whether nobody is in it. */
  get isIdle(): boolean {
    return this.subscribers.size + this.members.size === 0;
  }

  get serial(): string {
    const { timestamp, count } = this.#last;
    return `${String(timestamp).padStart(14, "0")}-${String(count).padStart(6, "0")}@${this.#epoch}`;
  }

  /** A repeated first id is published once: https://ably.com/docs/pub-sub/advanced#idempotency */
  publish(drafts: Draft[], sender: Sender): Message[] {
    const known = this.#byId.get(drafts[0]?.id ?? `${sender.id}:0`);
    if (known?.messages && !this.#isExpired(known)) return known.messages;
    const messages = this.#toMessages(drafts, sender).map((message, index) => {
      return { ...message, serial: serialOf(this.serial, index), action: CREATE };
    });
    this.#publish({ action: Action.MESSAGE, messages }, sender);
    return messages;
  }

  change(draft: Draft, sender: Sender): Message {
    const id = `${sender.id}:0`;
    const target = this.find(draft.serial);
    const previous = target.current;
    this.#advance();
    const serial = serialOf(this.serial, 0);
    const version = { ...draft.operation, serial, timestamp: this.#last.timestamp };
    const message = { ...merge(previous, draft, version), id, connectionId: sender.connectionId };
    checkSize([message, { data: JSON.stringify(draft.operation) }], this.app.settings);
    const isAppend = draft.action === APPEND;
    if (isAppend && target.isAppended) target.versions.pop();
    target.versions.push(message);
    const changed = { ...target, current: message, isAppended: isAppend };
    this.#versioned.set(draft.serial ?? "", changed);

    const entry = this.#toEntry({ action: Action.MESSAGE, messages: [message] }, sender);
    this.#keep(entry);
    const { action, data, encoding } = draft;
    const increment = { ...entry, messages: [{ ...message, action, data, encoding }] };
    const previousSerial = channelSerialOf(previous.version?.serial ?? previous.serial);
    const append = isAppend ? { entry: increment, previousSerial } : undefined;
    this.#deliver({ ...entry, messages: [latestOf(changed)] }, append);
    return message;
  }

  /** Publishes annotations, then the new summaries of their messages. */
  annotate(drafts: AnnotationDraft[], sender: Sender): Annotation[] {
    const serials = [...new Set(drafts.map(({ messageSerial }) => messageSerial))];
    const targets = new Map(serials.map((serial) => [serial, this.find(serial)]));
    for (const [serial, { summary }] of targets)
      summary.requireRoom(drafts.filter((draft) => draft.messageSerial === serial));
    const annotations = this.#toMessages(drafts, sender).map((message, index) => {
      const { messageSerial = "", type = "", count } = drafts[index] ?? {};
      return { ...message, serial: serialOf(this.serial, index), messageSerial, type, count };
    });
    // Before the publish: to make room for it, a message may be forgotten.
    for (const [serial, target] of targets) this.#versioned.set(serial, target);
    this.#publish({ action: Action.ANNOTATION, annotations }, sender);
    for (const [serial, target] of targets) {
      const own = annotations.filter(({ messageSerial }) => messageSerial === serial);
      const summarized = own.filter(({ type }) => methodOf(type));
      target.annotations.push(...own);
      for (const annotation of summarized) target.summary.add(annotation);
      if (summarized.length > 0) this.#deliver(this.#toSummary(target));
    }
    return annotations;
  }

  updatePresence(contents: Content[], sender: Sender): void {
    const areKnown = contents.every(({ action }) => PRESENCE_ACTIONS.includes(action));
    assert(areKnown, 40000, "The action of a presence message must be enter, update or leave.");
    const messages = this.#toMessages(contents, sender);
    const staying = messages.filter(({ action }) => action !== LEAVE);
    const entering = staying.filter((member) => !this.members.has(keyOf(member))).length;
    const { memory } = this.app;
    const { maxPresenceMembers: max, maxBytesPresent } = this.app.settings;
    const hasPlace = entering === 0 || this.members.size + entering <= max;
    assert(hasPlace, 91003, `The channel has its maximum of ${max} members.`);
    const bytes = staying.reduce((sum, member) => sum + memoryOf(member), 0);
    const hasRoom = bytes === 0 || memory.present + bytes <= maxBytesPresent;
    assert(hasRoom, 91003, `All members together may have ${maxBytesPresent} bytes.`);
    const presence = messages.flatMap((one) => applyPresence(one, this.members, memory) ?? []);
    if (presence.length > 0) this.#publish({ action: Action.PRESENCE, presence }, sender);
  }

  leaveAll(connectionId: string): void {
    if (this.members.size === 0) return;
    const members = [...this.members.values()];
    const own = members.filter((member) => member.connectionId === connectionId);
    const leaving = own.map((member) => ({ ...member, id: undefined, action: LEAVE }));
    this.updatePresence(leaving, { id: randomUUID(), connectionId });
  }

  /** Entries that are not expired: what history, rewind and resume can reach. */
  recent(): Entry[] {
    return this.#log.filter((entry) => !this.#isExpired(entry));
  }

  /** Recent entries that created messages, as they were created. */
  created(): Entry[] {
    return this.recent().flatMap((entry) => {
      const messages = entry.messages?.filter(({ action }) => action === CREATE) ?? [];
      return messages.length > 0 ? [{ ...entry, messages }] : [];
    });
  }

  /** Returns the latest version of a message, with its summary. */
  latestOf(message: Message): Message {
    const versioned = this.#versioned.get(message.serial ?? "");
    return versioned ? latestOf(versioned) : message;
  }

  /** Returns what came after a serial, or undefined if some of it is no longer kept. */
  since(serial: string): Entry[] | undefined {
    if (!serial.endsWith(`@${this.#epoch}`) || serial < this.#forgotten) return undefined;
    const missed = this.#log.filter(({ channelSerial }) => channelSerial > serial);
    if (missed.some((entry) => this.#isExpired(entry))) return undefined;
    const annotations = missed.flatMap((entry) => entry.annotations ?? []);
    const annotated = new Set(annotations.map(({ messageSerial }) => messageSerial));
    const targets = [...annotated].flatMap((target) => this.#versioned.get(target) ?? []);
    return [...missed, ...targets.map((target) => this.#toSummary(target))];
  }

  /** Returns a kept message with its versions and annotations. Throws 40400 or 93002. */
  find(serial = ""): Versioned {
    const hint = "Turn on the setting mutableMessages. On Ably, add a channel rule.";
    const isMutable = this.app.settings.mutableMessages;
    assert(isMutable, 93002, `Messages of this channel cannot be changed or annotated. ${hint}`);
    const known = this.#versioned.get(serial);
    if (known) return known;
    const channelSerial = channelSerialOf(serial);
    const entry = this.#log.find((kept) => kept.channelSerial === channelSerial);
    const current = entry?.messages?.find((kept) => kept.serial === serial && !kept.version);
    assert(current, 40400, `No kept message has the serial ${JSON.stringify(serial)}.`);
    const summary = new Summary(this.app.settings);
    return { current, versions: [current], annotations: [], summary, isAppended: false };
  }

  dropExpired(): void {
    while (this.#log[0] && this.#isExpired(this.#log[0])) this.forgetOldest();
  }

  forgetAll(): void {
    while (this.#log.length > 0) this.forgetOldest();
  }

  #advance(): void {
    const now = Date.now();
    const { timestamp, count } = this.#last;
    this.#last = now > timestamp ? { timestamp: now, count: 0 } : { timestamp, count: count + 1 };
  }

  #toMessages(contents: Content[], { id: own, connectionId }: Sender): Message[] {
    this.#advance();
    const { timestamp } = this.#last;
    return contents.map((content, index) => {
      const { id = `${own}:${index}`, action, name, clientId, data, encoding, extras } = content;
      return { id, action, name, clientId, connectionId, timestamp, data, encoding, extras };
    });
  }

  /** A summary is a message of its own, without the payload, as at Ably. */
  #toSummary(target: Versioned): Entry {
    this.#advance();
    const sender = { id: `summary:${this.serial}`, connectionId: undefined };
    const { serial, timestamp, version, annotations } = latestOf(target);
    const message = { ...sender, timestamp, serial, version, annotations, action: SUMMARY };
    return this.#toEntry({ action: Action.MESSAGE, messages: [message] }, sender);
  }

  #toEntry(body: Body, sender: Sender): Entry {
    const { timestamp } = this.#last;
    return { channel: this.name, channelSerial: this.serial, ...sender, timestamp, ...body };
  }

  #publish(body: Body, sender: Sender): void {
    const entry = this.#toEntry(body, sender);
    // Only present subscribers receive it: https://ably.com/docs/pub-sub/advanced#ephemeral
    const isEphemeral = body.messages?.every(({ extras }) => extras?.ephemeral === true);
    if (!isEphemeral) this.#keep(entry);
    this.#deliver(entry);
  }

  #deliver(entry: Entry, append?: Append): void {
    for (const subscriber of this.subscribers.values()) subscriber.receive(entry, append);
  }

  #keep(entry: Entry): void {
    const { memory, settings } = this.app;
    const [first] = entry.messages ?? [];
    this.#log.push(entry);
    if (first) this.#byId.set(first.id, entry);
    this.#count(entry, 1);
    while (this.#kept.count > settings.maxMessagesKept) this.forgetOldest();
    if (memory.kept > settings.maxBytesKept) this.app.makeRoom();
  }

  #count(entry: Entry, sign: 1 | -1): void {
    const items = itemsOf(entry);
    const bytes = items.reduce((sum, item) => sum + memoryOf(item), BYTES_PER_ENTRY);
    this.#kept.count += sign * items.length;
    this.#kept.bytes += sign * bytes;
    this.app.memory.kept += sign * bytes;
  }

  forgetOldest(): void {
    const entry = this.#log.shift();
    if (!entry) return;
    this.#forgotten = entry.channelSerial;
    const id = entry.messages?.[0]?.id ?? "";
    // After two minutes, the ID may have been used again.
    if (this.#byId.get(id) === entry) this.#byId.delete(id);
    for (const { serial = "" } of entry.messages ?? []) this.#versioned.delete(serial);
    this.#count(entry, -1);
  }

  #isExpired({ timestamp }: Entry): boolean {
    return timestamp < Date.now() - this.app.settings.messageTtl;
  }
}

/** The latest version with the summary, which is not kept: it grows with each annotation. */
export function latestOf({ current, summary }: Versioned): Message {
  return summary.isEmpty ? current : { ...current, annotations: { summary: summary.read() } };
}

function itemsOf({ messages = [], presence = [], annotations = [] }: Entry): Message[] {
  return [...messages, ...presence, ...annotations];
}
