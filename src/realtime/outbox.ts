/**
 * KEPT, hardening. Messages that Ably has not delivered back yet, in order, over a lost connection and
 * a reload. One at a time is published: then no error can change their order. This costs speed: a
 * room sends at most one message in a round trip to Ably, and 25 in a second.
 *
 * Without this file, also delete outbox-storage.ts, the test, and the lines that end with "delete with
 * outbox.ts": what is sent while there is no connection is then refused. The demo needs it.
 */
import type { RealtimeChannel } from "ably";
import type { Connection } from "./connection.ts";
import {
  type Content,
  type Contract,
  type Data,
  type MessageName,
  isBinary,
  parseMessage,
} from "./contract.ts";
import { type ErrorInfo, isTemporary, readError } from "./errors.ts";
import { randomId } from "./identity.ts";
import { OutboxStorage, type Stored, byTime } from "./outbox-storage.ts";
import { Retry } from "./retry.ts";

/** A message of this tab that Ably has not delivered back yet. */
export type Unsent<C extends Contract> = Content<C> & {
  id: string;
  /**
   * `acknowledged`: Ably has it, and delivers it back soon. `failed`: Ably refused it.
   * `unconfirmed`: nobody knows whether Ably has it. The last two wait for `retry` or `discard`.
   */
  delivery: "waiting" | "publishing" | "acknowledged" | "failed" | "unconfirmed";
  /**
   * What it waits for: the connection, the room, the messages before it, or another try, because Ably
   * has limited the rate or had an error.
   */
  waitsFor: "connection" | "room" | "turn" | "rate" | "error" | undefined;
  error?: ErrorInfo | undefined;
  /** False if the browser could not store it: a reload would lose it. */
  isStored: boolean;
};

const UNCONFIRMED: ErrorInfo = {
  code: 0,
  statusCode: 0,
  message: "Ably may have it already. Retry may send it twice.",
};

/** Whether the room takes messages. One that this page has left does, too: that needs no attachment. */
type Gate = { type: "opening" | "open" | "left" } | { type: "refused"; error: ErrorInfo };

type Entry = Stored &
  Pick<Unsent<Contract>, "delivery" | "waitsFor" | "isStored"> & {
    /** The name and data as the contract reads them, if they match it. */
    content: Content<Contract> | undefined;
    /** When it was first published, by a clock that nobody can set: `performance.now()`. */
    publishedTick?: number | undefined;
    /** The room has delivered it back, or may have: before this load, or before a gap. */
    isDoneWhenAcknowledged?: boolean;
    settle?: { resolve(): void; reject(error: ErrorInfo): void } | undefined;
  };

type Decision =
  | { type: "publish" }
  | { type: "wait"; for: NonNullable<Entry["waitsFor"]> }
  /** A copy of this tab has sent it, or the room has delivered it back. */
  | { type: "done" }
  | { type: "fail"; error: ErrorInfo }
  /** Nobody knows whether Ably has it: the person decides. */
  | { type: "ask" };

/** Ably drops a repeated ID for this long. https://ably.com/docs/pub-sub/advanced#idempotency */
const REPEATS_DROPPED_MS = 120_000;
/** A repeat takes time to reach Ably. */
const REPEAT_MARGIN_MS = 5_000;
/** Half of what Ably accepts from a connection. https://ably.com/docs/platform/pricing/limits */
const MIN_INTERVAL_MS = 40;
const TOO_MANY_REQUESTS = 429;
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

/** One for each channel, however often its room is opened. */
const outboxes = new WeakMap<RealtimeChannel, object>();

/** Returns the outbox of a channel. It goes on publishing after its rooms are closed. */
export function outboxOf<C extends Contract>(
  connection: Connection,
  channel: RealtimeChannel,
  contract: C,
): Outbox<C> {
  const known = outboxes.get(channel) as Outbox<C> | undefined;
  const outbox = known ?? new Outbox(connection, channel, contract);
  outboxes.set(channel, outbox);
  return outbox;
}

export class Outbox<C extends Contract> {
  readonly #connection: Connection;
  readonly #channel: RealtimeChannel;
  readonly #contract: C;
  readonly #storage: OutboxStorage;
  readonly #listeners = new Set<() => void>();
  readonly #retry = new Retry(() => this.#next(), MIN_RETRY_MS, MAX_RETRY_MS);
  #entries: Entry[];
  #gate: Gate = { type: "opening" };
  #isPublishing = false;
  /** Why the last try failed, if it may succeed soon. */
  #retryReason: "rate" | "error" = "error";
  #nextAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, channel: RealtimeChannel, contract: C) {
    this.#connection = connection;
    this.#channel = channel;
    this.#contract = contract;
    this.#storage = new OutboxStorage(connection.storages, channel.name, connection.clientId);
    this.#entries = this.#restore();
    connection.client.connection.on(() => this.#next());
    // After a lost connection, the SDK publishes again what Ably had not acknowledged, however long ago
    // that was. The step `transport` comes just before. Another connection makes the SDK forget the
    // message, and `#decide` asks the person.
    connection.onStep(({ type }) => {
      if (type !== "transport") return;
      const inFlight = this.#entries.find(({ delivery }) => delivery === "publishing");
      if (inFlight && !this.#isSafeToPublish(inFlight)) void connection.reconnect();
    });
  }

  /**
   * Returns what one open room sends with.
   * @param events Its `unsent` gets what is unsent, now if there is any, and at each change, until
   *   the room is closed.
   * @param headers Returns what is sent beside the data of each message.
   */
  open(events: { unsent?(unsent: Unsent<C>[]): void }, headers?: () => Record<string, string>) {
    if (this.#gate.type === "left") this.#gate = { type: "opening" };
    const report = () => events.unsent?.(this.#unsent());
    this.#listeners.add(report);
    if (this.#entries.length > 0) report();
    return {
      send: <Name extends MessageName<C>>(name: Name, data: Data<C, Name>, id = randomId()) =>
        this.#send(name, data, id, headers),
      retry: (id: string) => this.#retryStopped(id),
      discard: (id: string) => this.#discard(id),
      close: () => this.#listeners.delete(report),
    };
  }

  #send(
    name: string,
    data: unknown,
    id: string,
    headers?: () => Record<string, string>,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const writtenAt = Math.max(Date.now(), (this.#entries.at(-1)?.writtenAt ?? 0) + 1);
      // The caller may change the objects while the message waits. Throws if they cannot be JSON.
      const copy = JSON.parse(JSON.stringify({ data, headers: headers?.() }));
      const content = this.#parse(name, copy.data);
      const isLost = !content && this.#parse(name, data);
      if (isBinary(data) || isLost) throw new TypeError("This data cannot be JSON.");
      const entry: Entry = {
        id,
        name,
        data: copy.data,
        content,
        headers: copy.headers,
        writtenAt,
        delivery: "waiting",
        waitsFor: undefined,
        isStored: false,
        // Ably may drop a message whose ID was used before, and then delivers nothing back.
        isDoneWhenAcknowledged: this.#storage.readPublished(id) !== undefined,
        settle: { resolve, reject },
      };
      this.#storage.forgetPublished(id);
      this.#store(entry);
      this.#entries.push(entry);
      this.#next();
      this.#changed();
    });
  }

  #retryStopped(id: string): void {
    const entry = this.#findStopped(id);
    if (!entry) return;
    Object.assign(entry, { delivery: "waiting", error: undefined });
    if (!this.#isAcknowledged(entry)) this.#forgetPublished(entry);
    this.#changed();
    this.#next();
  }

  #forgetPublished(entry: Entry): void {
    this.#storage.forgetPublished(entry.id);
    entry.publishedAt = entry.publishedTick = undefined;
    this.#store(entry);
  }

  #discard(id: string): void {
    const entry = this.#findStopped(id);
    if (entry) this.#remove(entry);
  }

  setGate(gate: Gate): void {
    this.#gate = gate;
    // Nothing that was sent is delivered back to a room that this page has left.
    if (gate.type === "left") this.forgetAcknowledged();
    this.#next();
  }

  /** The room has delivered a message back, so Ably has it. */
  echo(id: string): void {
    const entry = this.#entries.find((known) => known.id === id);
    if (!entry) return;
    entry.isDoneWhenAcknowledged = true;
    if (entry.delivery === "acknowledged") return this.#remove(entry);
    this.#saveAcknowledged(entry);
    if (entry.delivery === "publishing") return;
    entry.settle?.resolve();
    this.#remove(entry);
  }

  /** After a gap, nobody knows whether Ably still delivers what it has acknowledged. */
  forgetAcknowledged(): void {
    for (const entry of this.#entries) {
      entry.isDoneWhenAcknowledged ||= entry.publishedAt !== undefined;
      if (entry.delivery === "acknowledged") this.#remove(entry);
    }
  }

  /** Another page of this tab may have sent some of it, while this one was in the browser's cache. */
  reload(): void {
    const stored = new Set(this.#storage.load().map(({ id }) => id));
    for (const entry of this.#entries) {
      if (!entry.isStored || stored.has(entry.id)) continue;
      // It was stored, so it is acknowledged, or that page has sent or discarded it. If it is in flight,
      // the SDK would send it again.
      if (entry.delivery === "publishing") void this.#connection.reconnect();
      if (this.#isAcknowledged(entry)) entry.settle?.resolve();
      else entry.settle?.reject(UNCONFIRMED);
      this.#remove(entry);
    }
    const known = new Set(this.#entries.map(({ id }) => id));
    const others = this.#restore().filter(({ id }) => !known.has(id));
    this.#entries = [...others, ...this.#entries].toSorted(byTime);
    this.#changed();
    this.#next();
  }

  /** Publishes the first message that waits, if it may be published now. */
  #next(): void {
    const entry = this.#entries.find(({ delivery }) => delivery === "waiting");
    if (!entry) return;
    const decision = this.#decide(entry);
    switch (decision.type) {
      case "publish":
        void this.#publish(entry);
        return this.#wait("turn");
      case "wait":
        this.#wait(decision.for);
        return;
      case "done":
        entry.settle?.resolve();
        this.#remove(entry);
        return this.#next();
      case "fail":
        this.#fail(entry, decision.error);
        return this.#next();
      case "ask":
        entry.settle?.reject(UNCONFIRMED);
        this.#update(entry, { delivery: "unconfirmed", settle: undefined });
        return this.#next();
      default:
        decision satisfies never;
    }
  }

  #decide(entry: Entry): Decision {
    if (this.#connection.client.connection.state !== "connected") {
      return { type: "wait", for: "connection" };
    }
    if (this.#isPublishing) return { type: "wait", for: "turn" };
    if (this.#gate.type === "refused") return { type: "fail", error: this.#gate.error };
    if (this.#gate.type === "opening") return { type: "wait", for: "room" };
    if (this.#retry.isWaiting) return { type: "wait", for: this.#retryReason };
    if (performance.now() < this.#nextAt) return { type: "wait", for: "turn" };
    const other = this.#storage.readPublished(entry.id);
    if (other?.isAcknowledged) return { type: "done" };
    if (other && entry.publishedAt === undefined) {
      entry.publishedAt = other.at;
      entry.isDoneWhenAcknowledged = true;
    }
    return { type: this.#isSafeToPublish(entry) ? "publish" : "ask" };
  }

  #saveAcknowledged({ id }: Entry): void {
    this.#storage.savePublished(id, { at: Date.now(), isAcknowledged: true });
  }

  #isAcknowledged({ id }: Stored): boolean {
    return this.#storage.readPublished(id)?.isAcknowledged ?? false;
  }

  /** Returns whether Ably would drop a repeat of the message, or it was never published. */
  #isSafeToPublish(entry: Pick<Entry, "publishedAt" | "publishedTick">): boolean {
    const { publishedAt, publishedTick } = entry;
    const ages = publishedAt === undefined ? [] : [Date.now() - publishedAt];
    if (publishedTick !== undefined) ages.push(performance.now() - publishedTick);
    return ages.every((age) => age >= 0 && age < REPEATS_DROPPED_MS - REPEAT_MARGIN_MS);
  }

  #wait(reason: NonNullable<Entry["waitsFor"]>): void {
    const waiting = this.#entries.filter(({ delivery }) => delivery === "waiting");
    const isNews = waiting.some(({ waitsFor }) => waitsFor !== reason);
    for (const entry of waiting) entry.waitsFor = reason;
    if (isNews) this.#changed();
    if (reason !== "turn" || this.#isPublishing) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#next(), this.#nextAt - performance.now());
  }

  async #publish(entry: Entry): Promise<void> {
    const isFirst = entry.publishedAt === undefined;
    const publishedAt = entry.publishedAt ?? Date.now();
    this.#isPublishing = true;
    this.#nextAt = performance.now() + MIN_INTERVAL_MS;
    entry.publishedTick ??= performance.now();
    this.#storage.savePublished(entry.id, { at: publishedAt, isAcknowledged: false });
    this.#update(entry, { delivery: "publishing", publishedAt });
    // Nobody else attaches the channel of a closed room, and a failed one takes no messages.
    if (this.#channel.state === "failed") this.#channel.attach().catch(() => {});
    const { id, name, data, headers } = entry;
    const message = { id, name, data, extras: headers && { headers } };
    const error = await this.#channel.publish(message).then(() => undefined, readError);
    this.#isPublishing = false;
    if (error) this.#onError(entry, error, isFirst);
    else this.#finish(entry);
    this.#next();
  }

  #onError(entry: Entry, error: ErrorInfo, isFirst: boolean): void {
    const isConnected = this.#connection.client.connection.state === "connected";
    // Without a connection, the error is the connection's.
    if (isConnected && !isTemporary(error)) return this.#fail(entry, error);
    const isRate = error.statusCode === TOO_MANY_REQUESTS;
    this.#retryReason = isRate ? "rate" : "error";
    entry.delivery = "waiting";
    // A first try that was limited has not reached Ably. After any other error, it may have.
    if (isRate && isFirst) this.#forgetPublished(entry);
    this.#changed();
    if (isConnected) this.#retry.later();
  }

  #finish(entry: Entry): void {
    this.#retry.reset();
    this.#storage.remove(entry.id);
    this.#saveAcknowledged(entry);
    entry.settle?.resolve();
    entry.delivery = "acknowledged";
    if (this.#gate.type === "left" || entry.isDoneWhenAcknowledged) this.#remove(entry);
    else this.#changed();
  }

  #fail(entry: Entry, error: ErrorInfo): void {
    entry.settle?.reject(error);
    this.#update(entry, { delivery: "failed", error, settle: undefined });
  }

  #restore(): Entry[] {
    return this.#storage.load().flatMap((stored) => {
      const content = this.#parse(stored.name, stored.data);
      // A copy of this tab may have sent it.
      const isDone = this.#isAcknowledged(stored);
      if (isDone) this.#storage.remove(stored.id);
      if (isDone || !content) return [];
      const unfailed = this.#isSafeToPublish(stored) ? "waiting" : "unconfirmed";
      const delivery = stored.error ? "failed" : unfailed;
      const isDoneWhenAcknowledged = stored.publishedAt !== undefined;
      return {
        ...stored,
        content,
        delivery,
        waitsFor: undefined,
        isStored: true,
        isDoneWhenAcknowledged,
      };
    });
  }

  #parse(name: string, data: unknown): Content<C> | undefined {
    return parseMessage(this.#contract, name, data, this.#connection.clientId);
  }

  #findStopped(id: string): Entry | undefined {
    const isStopped = ({ delivery }: Entry) => delivery === "failed" || delivery === "unconfirmed";
    return this.#entries.find((known) => known.id === id && isStopped(known));
  }

  #update(entry: Entry, change: Partial<Entry>): void {
    Object.assign(entry, change);
    this.#store(entry);
    this.#changed();
  }

  #store(entry: Entry): void {
    const { id, name, data, headers, writtenAt, publishedAt, error } = entry;
    const stored = { id, name, data, headers, writtenAt, publishedAt, error };
    entry.isStored = this.#storage.save(stored);
  }

  #remove(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#storage.remove(entry.id);
    this.#changed();
  }

  #changed(): void {
    for (const report of this.#listeners) report();
  }

  #unsent(): Unsent<C>[] {
    return this.#entries.map((entry) => {
      const { id, name, data, content, delivery, waitsFor, isStored } = entry;
      const error = delivery === "unconfirmed" ? UNCONFIRMED : entry.error;
      const read = content ?? { name, data };
      return { ...read, id, delivery, waitsFor, error, isStored } as Unsent<C>;
    });
  }
}
