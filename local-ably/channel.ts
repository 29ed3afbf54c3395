import { randomUUID } from "node:crypto";
import type { AnnotationDraft } from "./annotation.ts";
import { assert } from "./error.ts";
import { Log } from "./log.ts";
import { type Draft, checkSize, memoryOf } from "./message.ts";
import { PresenceSet } from "./presence.ts";
import type { Annotation, Content, Entry, Message } from "./protocol.ts";
import { Action, MessageAction, PresenceAction } from "./protocol.ts";
import type { Settings } from "./settings.ts";
import { VersionedMessage, merge } from "./version.ts";

const { ENTER, LEAVE, PRESENT, UPDATE } = PresenceAction;
const PRESENCE_ACTIONS: unknown[] = [ENTER, LEAVE, PRESENT, UPDATE];

/** Who sends a publish. `id` names the messages that have no id of their own. */
export type Sender = { id: string; connectionId: string | undefined };
/** What an append adds, for subscribers that received the previous version. */
export type Append = { entry: Entry; previousSerial: string };
/** Receives each new entry. The channel knows no sockets. */
export type Subscriber = { readonly modes: number; receive(entry: Entry, append?: Append): void };

type Owner = {
  readonly settings: Settings;
  readonly memory: { kept: number; present: number };
  dropExpired(): void;
};

const channelSerialOf = (serial = ""): string => serial.replace(/:\d+$/, "");

export class Channel {
  readonly name: string;
  readonly settings: Settings;
  readonly members: PresenceSet;
  /** By connection ID. */
  readonly subscribers = new Map<string, Subscriber>();
  readonly log: Log;
  readonly #owner: Owner;
  /** Part of each serial, so that serials of an earlier start are recognized. */
  readonly #epoch = randomUUID();
  /** Kept messages that were changed or annotated, by serial. */
  readonly #versioned = new Map<string, VersionedMessage>();
  #last = { timestamp: Date.now(), count: 0 };

  constructor(name: string, owner: Owner) {
    this.name = name;
    this.settings = owner.settings;
    this.members = new PresenceSet(owner.memory);
    this.#owner = owner;
    this.log = new Log(owner, this.serial, (messages) => {
      for (const { serial = "" } of messages) this.#versioned.delete(serial);
    });
  }

  /** The current position. */
  get serial(): string {
    const { timestamp, count } = this.#last;
    return `${String(timestamp).padStart(14, "0")}-${String(count).padStart(6, "0")}@${this.#epoch}`;
  }

  get isUnused(): boolean {
    return this.subscribers.size + this.members.size === 0 && this.log.isEmpty;
  }

  /**
   * If a recent publish has the same first id, returns the messages of that one:
   * https://ably.com/docs/pub-sub/advanced#idempotency
   */
  publish(drafts: Draft[], sender: Sender): Message[] {
    const known = this.log.findById(drafts[0]?.id ?? `${sender.id}:0`);
    if (known) return known;
    const action = MessageAction.CREATE;
    const messages = this.#toMessages(drafts, sender).map((message, index) => {
      return { ...message, serial: serialOf(this.serial, index), action };
    });
    this.#publish({ action: Action.MESSAGE, messages }, sender);
    return messages;
  }

  /** Updates, deletes or appends to a message, and returns the new version. */
  change(draft: Draft, sender: Sender): Message {
    const id = `${sender.id}:0`;
    const [repeated] = this.log.findById(id) ?? [];
    if (repeated) return repeated;
    const target = this.find(draft.serial);
    const previous = target.current;
    this.#advance();
    const serial = serialOf(this.serial, 0);
    const version = { ...draft.operation, serial, timestamp: this.#last.timestamp };
    const message = { ...merge(previous, draft, version), id, connectionId: sender.connectionId };
    checkSize([message, { data: JSON.stringify(draft.operation) }], this.settings);
    const isAppend = draft.action === MessageAction.APPEND;
    target.addVersion(message, isAppend);
    this.#versioned.set(draft.serial ?? "", target);

    const entry = this.#toEntry({ action: Action.MESSAGE, messages: [message] }, sender);
    this.#keep(entry);
    const { action, data, encoding } = draft;
    const increment = { ...entry, messages: [{ ...message, action, data, encoding }] };
    const previousSerial = channelSerialOf(previous.version?.serial ?? previous.serial);
    const append = isAppend ? { entry: increment, previousSerial } : undefined;
    this.#deliver({ ...entry, messages: [target.latest] }, append);
    return message;
  }

  /** Publishes annotations, then the new summaries of their messages. */
  annotate(drafts: AnnotationDraft[], sender: Sender): Annotation[] {
    for (const { messageSerial } of drafts) this.find(messageSerial);
    const stamped = this.#toMessages(drafts, sender);
    const annotations = drafts.map(({ messageSerial, type, count }, index) => {
      const serial = serialOf(this.serial, index);
      return { ...(stamped[index] as Message), serial, messageSerial, type, count };
    });
    const summarized = new Set<VersionedMessage>();
    for (const annotation of annotations) {
      const target = this.find(annotation.messageSerial);
      this.#versioned.set(annotation.messageSerial, target);
      if (target.annotate(annotation)) summarized.add(target);
    }
    this.#publish({ action: Action.ANNOTATION, annotations }, sender);
    for (const target of summarized) this.#deliver(this.#toSummary(target));
    return annotations;
  }

  updatePresence(contents: Content[], sender: Sender): void {
    const areKnown = contents.every(({ action }) => PRESENCE_ACTIONS.includes(action));
    assert(areKnown, 40000, "The action of a presence message must be enter, update or leave.");
    const messages = this.#toMessages(contents, sender);
    const staying = messages.filter(({ action }) => action !== LEAVE);
    const entering = staying.filter((member) => !this.members.has(member)).length;
    const { maxPresenceMembers: max, maxBytesPresent } = this.settings;
    const hasPlace = entering === 0 || this.members.size + entering <= max;
    assert(hasPlace, 91003, `The channel has its maximum of ${max} members.`);
    const bytes = staying.reduce((sum, member) => sum + memoryOf(member), 0);
    const hasRoom = bytes === 0 || this.#owner.memory.present + bytes <= maxBytesPresent;
    assert(hasRoom, 91003, `All members together may have ${maxBytesPresent} bytes.`);
    const presence = messages.flatMap((member) => this.members.apply(member) ?? []);
    if (presence.length > 0) this.#publish({ action: Action.PRESENCE, presence }, sender);
  }

  /** Makes all members of a connection leave. */
  leaveAll(connectionId: string): void {
    if (this.members.size === 0) return;
    const members = this.members.list().filter((member) => member.connectionId === connectionId);
    const leaving = members.map((member) => ({ ...member, id: undefined, action: LEAVE }));
    this.updatePresence(leaving, { id: randomUUID(), connectionId });
  }

  /** Recent entries that created messages, with the latest version of each message. */
  latest(): Entry[] {
    return this.log.recent().flatMap((entry) => {
      const created = entry.messages?.filter(({ action }) => action === MessageAction.CREATE) ?? [];
      if (created.length === 0) return [];
      const latestOf = (serial = "") => this.#versioned.get(serial)?.latest;
      return [
        { ...entry, messages: created.map((message) => latestOf(message.serial) ?? message) },
      ];
    });
  }

  /** Returns what came after a serial, or undefined if some of it is no longer kept. */
  since(serial: string): Entry[] | undefined {
    const missed = serial.endsWith(`@${this.#epoch}`) ? this.log.since(serial) : undefined;
    const annotations = missed?.flatMap((entry) => entry.annotations ?? []) ?? [];
    const annotated = new Set(annotations.map(({ messageSerial }) => messageSerial));
    const targets = [...annotated].flatMap((target) => this.#versioned.get(target) ?? []);
    return missed && [...missed, ...targets.map((target) => this.#toSummary(target))];
  }

  /** Returns a kept message with its versions and annotations. Throws 40400. */
  find(serial: string | undefined): VersionedMessage {
    const known = this.#versioned.get(serial ?? "");
    if (known) return known;
    const entry = this.log.findBySerial(channelSerialOf(serial));
    const message = entry?.messages?.find((kept) => kept.serial === serial && !kept.version);
    assert(message, 40400, `No kept message has the serial ${JSON.stringify(serial)}.`);
    return new VersionedMessage(message);
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
  #toSummary(target: VersionedMessage): Entry {
    this.#advance();
    const sender = { id: `summary:${this.serial}`, connectionId: undefined };
    const { serial, timestamp, version, annotations } = target.latest;
    const message = { ...sender, timestamp, serial, version, annotations };
    const messages = [{ ...message, action: MessageAction.SUMMARY }];
    return this.#toEntry({ action: Action.MESSAGE, messages }, sender);
  }

  #toEntry(body: Pick<Entry, "action" | "messages" | "presence" | "annotations">, sender: Sender) {
    const { timestamp } = this.#last;
    return { channel: this.name, channelSerial: this.serial, ...sender, timestamp, ...body };
  }

  #publish(body: Pick<Entry, "action" | "messages" | "presence" | "annotations">, sender: Sender) {
    const entry = this.#toEntry(body, sender);
    // Only present subscribers receive it: https://ably.com/docs/pub-sub/advanced#ephemeral
    const isEphemeral = body.messages?.every(({ extras }) => extras?.ephemeral === true);
    if (!isEphemeral) this.#keep(entry);
    this.#deliver(entry);
  }

  #keep(entry: Entry): void {
    this.log.add(entry);
    if (this.#owner.memory.kept > this.settings.maxBytesKept) this.#owner.dropExpired();
    this.log.shrink();
  }

  #deliver(entry: Entry, append?: Append): void {
    for (const subscriber of this.subscribers.values()) subscriber.receive(entry, append);
  }
}

/** The serial of one message of an entry. */
export function serialOf(channelSerial: string, index: number): string {
  return `${channelSerial}:${String(index).padStart(6, "0")}`;
}
