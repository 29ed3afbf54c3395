import { randomUUID } from "node:crypto";
import type { Annotation, AnnotationDraft } from "./annotation.ts";
import type { Budget } from "./budget.ts";
import { assert } from "./error.ts";
import { Log } from "./log.ts";
import {
  type Content,
  type Draft,
  type Message,
  checkSize,
  memoryOf,
  toMessage,
} from "./message.ts";
import { PresenceSet } from "./presence.ts";
import { Action, type Entry, MessageAction, PresenceAction } from "./protocol.ts";
import type { Settings } from "./settings.ts";
import { VersionedMessage, merge } from "./version.ts";

const { ENTER, LEAVE, PRESENT, UPDATE } = PresenceAction;
const PRESENCE_ACTIONS: unknown[] = [ENTER, LEAVE, PRESENT, UPDATE];

/** Who sends a publish. `id` names the messages that have no id of their own. */
export type Sender = { id: string; connectionId: string | undefined };

/** What an append adds, for subscribers that received the entry of the previous version. */
export type Append = { entry: Entry; previousSerial: string };

/** Receives each new entry. The channel knows no sockets. */
export type Subscriber = {
  readonly modes: number;
  receive(entry: Entry, append?: Append): void;
};

/** What the channels of an app share. */
type Owner = {
  readonly settings: Settings;
  readonly kept: Budget;
  readonly present: Budget;
  dropExpired(): void;
};

export class Channel {
  readonly name: string;
  readonly members: PresenceSet;
  /** By connection ID. */
  readonly subscribers = new Map<string, Subscriber>();
  readonly #app: Owner;
  /** Part of each serial, so that serials of an earlier start are recognized. */
  readonly #epoch = randomUUID();
  readonly #log: Log;
  /** Kept messages that were changed or annotated, by serial. */
  readonly #versioned = new Map<string, VersionedMessage>();
  #last: { timestamp: number; count: number };

  constructor(name: string, app: Owner) {
    this.name = name;
    this.#app = app;
    this.members = new PresenceSet(app.present);
    this.#last = { timestamp: Date.now(), count: 0 };
    this.#log = new Log(app.settings, app.kept, this.serial, (entry) => {
      for (const { serial = "" } of entry.messages ?? []) this.#versioned.delete(serial);
    });
  }

  /** The current position. */
  get serial(): string {
    const { timestamp, count } = this.#last;
    return `${String(timestamp).padStart(14, "0")}-${String(count).padStart(6, "0")}@${this.#epoch}`;
  }

  get settings(): Settings {
    return this.#app.settings;
  }

  get isUnused(): boolean {
    return this.subscribers.size + this.members.size === 0 && this.#log.isEmpty;
  }

  /**
   * Publishes messages, and returns them. If a recent publish has the same first id, returns the
   * messages of that one: https://ably.com/docs/pub-sub/advanced#idempotency
   */
  publish(drafts: Draft[], sender: Sender): Message[] {
    const known = this.#log.findById(drafts[0]?.id ?? `${sender.id}:0`);
    if (known?.messages) return known.messages;
    this.#advance();
    const messages = drafts.map((draft, index) => ({
      ...this.#toMessage(draft, index, sender),
      serial: serialOf(this.serial, index),
      action: MessageAction.CREATE,
    }));
    const entry = this.#entry({ action: Action.MESSAGE, messages }, sender);
    // Only present subscribers receive it: https://ably.com/docs/pub-sub/advanced#ephemeral
    const isEphemeral = messages.every(({ extras }) => extras?.ephemeral === true);
    if (!isEphemeral) this.#keep(entry);
    this.#deliver(entry);
    return messages;
  }

  /** Updates, deletes or appends to a message, and returns the new version. Throws 40400. */
  change(draft: Draft, sender: Sender): Message {
    const id = `${sender.id}:0`;
    const [repeated] = this.#log.findById(id)?.messages ?? [];
    if (repeated) return repeated;
    const target = this.find(draft.serial);
    const previous = target.current;
    this.#advance();
    const { connectionId } = sender;
    const { timestamp } = this.#last;
    const version = { ...draft.operation, serial: serialOf(this.serial, 0), timestamp };
    const message = { ...merge(previous, draft, version), id, connectionId };
    checkSize([message, { data: JSON.stringify(draft.operation) }], this.#app.settings);
    const isAppend = draft.action === MessageAction.APPEND;
    target.addVersion(message, isAppend);
    this.#versioned.set(draft.serial ?? "", target);

    const entry = this.#entry({ action: Action.MESSAGE, messages: [message] }, sender);
    this.#keep(entry);
    const previousSerial = channelSerialOf(previous.version?.serial ?? previous.serial);
    const append = { entry: toIncrement(entry, draft), previousSerial };
    this.#deliver({ ...entry, messages: [target.latest] }, isAppend ? append : undefined);
    return message;
  }

  /** Publishes annotations, then the new summaries of their messages. Throws 40400. */
  annotate(drafts: AnnotationDraft[], sender: Sender): Annotation[] {
    const serials = new Set(drafts.map(({ messageSerial }) => messageSerial));
    const targets = [...serials].map((serial) => this.find(serial));
    this.#advance();
    const annotations = drafts.map((draft, index) => {
      const { messageSerial, type, count } = draft;
      const serial = serialOf(this.serial, index);
      return { ...this.#toMessage(draft, index, sender), serial, messageSerial, type, count };
    });
    const entry = this.#entry({ action: Action.ANNOTATION, annotations }, sender);
    this.#keep(entry);
    this.#deliver(entry);
    for (const target of targets) {
      const { serial = "" } = target.current;
      const own = annotations.filter(({ messageSerial }) => messageSerial === serial);
      const isSummarized = target.annotate(own);
      this.#versioned.set(serial, target);
      this.#advance();
      if (isSummarized) this.#deliver(this.#summaryOf(target));
    }
    return annotations;
  }

  /** Applies presence messages, and publishes what they change. Throws 91003 if the channel is full. */
  updatePresence(drafts: Content[], sender: Sender): void {
    assert(
      drafts.every(({ action }) => PRESENCE_ACTIONS.includes(action)),
      40000,
      "A presence message needs the action enter, update or leave.",
    );
    this.#advance();
    const stamped = drafts.map((draft, index) => this.#toMessage(draft, index, sender));
    const staying = stamped.filter(({ action }) => action !== LEAVE);
    const entering = staying.filter((member) => !this.members.has(member));
    const { maxPresenceMembers: limit } = this.#app.settings;
    assert(
      entering.length === 0 || this.members.size + entering.length <= limit,
      91003,
      `The channel has its maximum of ${limit} presence members.`,
    );
    assert(
      this.#app.present.hasRoomFor(staying.reduce((sum, member) => sum + memoryOf(member), 0)),
      91003,
      `Local Ably keeps at most ${this.#app.present.limit} bytes of presence data.`,
    );
    const presence = stamped.flatMap((member) => this.members.apply(member) ?? []);
    if (presence.length === 0) return;
    const entry = this.#entry({ action: Action.PRESENCE, presence }, sender);
    this.#keep(entry);
    this.#deliver(entry);
  }

  /** Makes all members of a connection leave. */
  leaveAll(connectionId: string): void {
    if (this.members.size === 0) return;
    const leaving = this.members
      .list()
      .filter((member) => member.connectionId === connectionId)
      .map((member) => ({ ...member, id: undefined, action: LEAVE }));
    if (leaving.length > 0) this.updatePresence(leaving, { id: randomUUID(), connectionId });
  }

  /** Recent entries, oldest first. */
  recent(): Entry[] {
    return this.#log.recent();
  }

  /** Recent entries that created messages, with the latest version of each message. */
  latest(): Entry[] {
    return this.recent().flatMap((entry) => {
      const created = entry.messages?.filter(({ action }) => action === MessageAction.CREATE) ?? [];
      if (created.length === 0) return [];
      return [
        {
          ...entry,
          messages: created.map(
            (message) => this.#versioned.get(message.serial ?? "")?.latest ?? message,
          ),
        },
      ];
    });
  }

  /** Returns what came after a serial, or undefined if some of it is no longer kept. */
  since(serial: string): Entry[] | undefined {
    const entries = serial.endsWith(`@${this.#epoch}`) ? this.#log.since(serial) : undefined;
    const annotations = entries?.flatMap((entry) => entry.annotations ?? []) ?? [];
    const annotated = new Set(annotations.map(({ messageSerial }) => messageSerial));
    const targets = [...annotated].flatMap((target) => this.#versioned.get(target) ?? []);
    return entries && [...entries, ...targets.map((target) => this.#summaryOf(target))];
  }

  /** Returns a kept message with its versions and annotations. Throws 40400. */
  find(serial: string | undefined): VersionedMessage {
    const known = this.#versioned.get(serial ?? "");
    if (known) return known;
    const entry = this.#log.findBySerial(channelSerialOf(serial));
    const message = entry?.messages?.find((kept) => kept.serial === serial && !kept.version);
    assert(message, 40400, `No kept message has the serial ${JSON.stringify(serial)}.`);
    return new VersionedMessage(message);
  }

  dropExpired(): void {
    this.#log.dropExpired();
  }

  #advance(): void {
    const now = Date.now();
    const { timestamp, count } = this.#last;
    this.#last = now > timestamp ? { timestamp: now, count: 0 } : { timestamp, count: count + 1 };
  }

  #toMessage(content: Content, index: number, { id, connectionId }: Sender): Message {
    const { timestamp } = this.#last;
    return toMessage(content, { id: content.id ?? `${id}:${index}`, connectionId, timestamp });
  }

  /** The summary of a message as a message of its own, without the payload, as at Ably. */
  #summaryOf(target: VersionedMessage): Entry {
    const { serial = "", timestamp, version, annotations } = target.latest;
    const sender = { id: `summary:${this.serial}`, connectionId: undefined };
    const { id, connectionId } = sender;
    const action = MessageAction.SUMMARY;
    const message = { id, connectionId, timestamp, serial, action, version, annotations };
    return this.#entry({ action: Action.MESSAGE, messages: [message] }, sender);
  }

  #entry(
    body: Pick<Entry, "action" | "messages" | "presence" | "annotations">,
    { id, connectionId }: Sender,
  ): Entry {
    const { timestamp } = this.#last;
    const place = { channel: this.name, channelSerial: this.serial, id, connectionId, timestamp };
    return { ...place, ...body };
  }

  #keep(entry: Entry): void {
    this.#log.add(entry);
    if (this.#app.kept.isExceeded) this.#app.dropExpired();
    this.#log.shrink();
  }

  #deliver(entry: Entry, append?: Append): void {
    for (const subscriber of this.subscribers.values()) subscriber.receive(entry, append);
  }
}

function toIncrement(entry: Entry, { action, data, encoding }: Draft): Entry {
  const messages = entry.messages?.map((message) => ({ ...message, action, data, encoding }));
  return { ...entry, messages };
}

function channelSerialOf(serial = ""): string {
  return serial.replace(/:\d+$/, "");
}

/** The serial of one message of an entry. It sorts as text, too. */
export function serialOf(channelSerial: string, index: number): string {
  return `${channelSerial}:${String(index).padStart(6, "0")}`;
}
