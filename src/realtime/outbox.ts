/**
 * Messages that Ably has not acknowledged yet. They are published in order, and again after a lost
 * connection. `sessionStorage` keeps them when the tab is reloaded or discarded.
 */
import type { ChannelStateChange, RealtimeChannel } from "ably";
import type { Client } from "./connect.ts";
import type { MessageName, Payloads } from "./contract.ts";
import { type ErrorInfo, isConnectionError, readError } from "./error-info.ts";
import { randomId, requestedClientId, tabStorage } from "./identity.ts";

export type Unsent<Name extends MessageName = MessageName> = {
  id: string;
  name: Name;
  data: Payloads[Name];
  /** `failed`: Ably refused it, or nobody knows whether Ably has it. It waits for a retry. */
  state: "waiting" | "publishing" | "failed";
  error?: ErrorInfo | undefined;
  /** False if the browser could not store it: a reload would lose it. */
  isStored: boolean;
};

type Stored = Pick<Unsent, "id" | "name" | "data" | "error"> & {
  /** Sorts the messages of one room as they were sent. */
  order: number;
  /** When it was first handed to an open connection, in ms since the epoch. */
  publishedAt?: number | undefined;
};

type Entry = Stored &
  Pick<Unsent, "state" | "isStored"> & {
    /** How much storage it takes, in UTF-16 code units. */
    size: number;
    settle?: Settle | undefined;
  };
type Settle = { resolve(): void; reject(error: ErrorInfo): void };

/** Ably drops a repeated ID for this long. https://ably.com/docs/pub-sub/advanced#idempotency */
const REPEATS_DROPPED_MS = 120_000;
/** In UTF-16 code units. Browsers store about 5 MB for a tab. */
const MAX_STORED_LENGTH = 1_000_000;
/** Half of what Ably accepts from a connection. https://ably.com/docs/platform/pricing/limits */
const MAX_PUBLISHED_PER_SECOND = 25;
const TOO_MANY_REQUESTS = 429;
const RETRY_DELAY_MS = 250;

export const FATE_UNKNOWN: ErrorInfo = {
  code: 0,
  statusCode: 0,
  message: "Ably may have received this message. Retry may send it twice.",
};

export class Outbox {
  readonly #client: Client;
  readonly #channel: RealtimeChannel;
  readonly #onChange: (unsent: Unsent[]) => void;
  readonly #storage = tabStorage();
  readonly #flush = () => this.flush();
  readonly #onChannel = ({ current }: ChannelStateChange) => {
    // A failed connection also fails the channel. Ably did not refuse a message.
    this.#isRefused = current === "failed" && this.#client.connection.state === "connected";
    this.flush();
  };
  #entries: Entry[] = [];
  #isLoaded = false;
  #isRoomOpen = true;
  #isRefused = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #publishTimes: number[] = [];

  constructor(
    client: Client,
    channel: RealtimeChannel,
    onChange: (unsent: Unsent[]) => void = () => {},
  ) {
    this.#client = client;
    this.#channel = channel;
    this.#onChange = onChange;
    client.connection.on("connected", this.#flush);
    channel.on(this.#onChannel);
    this.flush();
  }

  /** Resolves when Ably has acknowledged the message. Rejects with an ErrorInfo if Ably refuses it. */
  send<Name extends MessageName>(name: Name, data: Payloads[Name], id = randomId()): Promise<void> {
    return new Promise((resolve, reject) => {
      const order = Math.max(Date.now(), (this.#entries.at(-1)?.order ?? 0) + 1);
      const settle = { resolve, reject };
      const status = { state: "waiting", isStored: false, size: 0 } as const;
      this.#entries.push({ id, name, data, order, ...status, settle });
      this.#changed();
      this.flush();
    });
  }

  retry(id: string): void {
    const entry = this.#entries.find((known) => known.id === id && known.state === "failed");
    if (!entry) return;
    this.#update(entry, { state: "waiting", error: undefined });
    this.flush();
  }

  discard(id: string): void {
    const entry = this.#entries.find((known) => known.id === id && known.state === "failed");
    if (entry) this.#remove(entry);
  }

  flush(): void {
    this.#load();
    if (this.#client.connection.state !== "connected") return;
    const waiting = this.#entries.filter(({ state }) => state === "waiting");
    if (this.#isRefused) {
      const error = readError(this.#channel.errorReason);
      for (const entry of waiting) this.#fail(entry, error);
    }
    if (this.#channel.state !== "attached" && this.#isRoomOpen) return;
    const room = MAX_PUBLISHED_PER_SECOND - this.#countRecent();
    for (const entry of waiting.slice(0, room)) void this.#publish(entry);
    if (waiting.length > room) this.#flushLater();
  }

  /** The room was closed. What is left is still published, because publishing needs no attachment. */
  close(): void {
    this.#isRoomOpen = false;
    this.flush();
    this.#stopIfDone();
  }

  #countRecent(): number {
    const since = performance.now() - 1_000;
    this.#publishTimes = this.#publishTimes.filter((time) => time > since);
    return this.#publishTimes.length;
  }

  async #publish(entry: Entry): Promise<void> {
    this.#publishTimes.push(performance.now());
    this.#update(entry, { state: "publishing", publishedAt: entry.publishedAt ?? Date.now() });
    const { id, name, data } = entry;
    try {
      await this.#channel.publish({ id, name, data });
      this.#remove(entry);
      entry.settle?.resolve();
    } catch (thrown) {
      this.#handleRefusal(entry, readError(thrown));
    }
  }

  #handleRefusal(entry: Entry, error: ErrorInfo): void {
    const isTemporary = isConnectionError(error) || error.statusCode === TOO_MANY_REQUESTS;
    if (isTemporary && !this.#isRefused) {
      this.#update(entry, { state: "waiting" });
      this.#flushLater();
      return;
    }
    this.#fail(entry, error);
  }

  #fail(entry: Entry, error: ErrorInfo): void {
    entry.settle?.reject(error);
    this.#update(entry, { state: "failed", error, settle: undefined });
  }

  #flushLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#flush, RETRY_DELAY_MS);
  }

  /** Reads what an earlier load of this tab left, once the client ID that wrote it is known. */
  #load(): void {
    if (this.#isLoaded || requestedClientId(this.#client) === undefined) return;
    this.#isLoaded = true;
    const known = new Set(this.#entries.map(({ id }) => id));
    const restored = readStored(this.#storage, this.#prefix()).filter(({ id }) => !known.has(id));
    if (restored.length === 0 && known.size === 0) return;
    this.#entries = [...restored, ...this.#entries];
    this.#changed();
  }

  #prefix(): string {
    return `unsent:${this.#channel.name}:${requestedClientId(this.#client)}:`;
  }

  #update(entry: Entry, change: Partial<Entry>): void {
    Object.assign(entry, change, { isStored: false });
    this.#changed();
  }

  #remove(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#storage?.removeItem(this.#prefix() + entry.id);
    this.#changed();
    this.#stopIfDone();
  }

  #changed(): void {
    if (this.#isLoaded) this.#store();
    this.#onChange(
      this.#entries.map(({ id, name, data, state, error, isStored }) => {
        return { id, name, data, state, error, isStored };
      }),
    );
  }

  /** Stores what has changed. Where storage is full or forbidden, `isStored` stays false. */
  #store(): void {
    let total = 0;
    for (const entry of this.#entries) {
      if (!entry.isStored) this.#storeEntry(entry, MAX_STORED_LENGTH - total);
      total += entry.size;
    }
  }

  #storeEntry(entry: Entry, room: number): void {
    const { id, name, data, order, publishedAt, error } = entry;
    const text = JSON.stringify({ id, name, data, order, publishedAt, error } satisfies Stored);
    entry.size = text.length;
    if (!this.#storage || text.length > room) return;
    try {
      this.#storage.setItem(this.#prefix() + id, text);
      entry.isStored = true;
    } catch {
      // Storage is full. A version that was stored before stays there.
    }
  }

  #stopIfDone(): void {
    if (this.#isRoomOpen || this.#entries.some(({ state }) => state !== "failed")) return;
    clearTimeout(this.#timer);
    this.#client.connection.off("connected", this.#flush);
    this.#channel.off(this.#onChannel);
  }
}

/** Ably can no longer recognize a repeat after two minutes, so the person has to decide. */
function stateAfterReload({ publishedAt, error }: Stored): Pick<Entry, "state" | "error"> {
  if (error) return { state: "failed", error };
  const age = publishedAt === undefined ? 0 : Date.now() - publishedAt;
  const isRecognized = age >= 0 && age < REPEATS_DROPPED_MS;
  return isRecognized ? { state: "waiting" } : { state: "failed", error: FATE_UNKNOWN };
}

function readStored(storage: Storage | undefined, prefix: string): Entry[] {
  const keys = Object.keys(storage ?? {}).filter((key) => key.startsWith(prefix));
  return keys
    .map((key) => storage?.getItem(key) ?? "")
    .flatMap((text) => {
      const stored = parseStored(text);
      if (!stored) return [];
      return { ...stored, ...stateAfterReload(stored), isStored: true, size: text.length };
    })
    .toSorted((one, other) => one.order - other.order);
}

function parseStored(text: string): Stored | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isStored(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isStored(value: unknown): value is Stored {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, data, order } = value as Partial<Stored>;
  const isMessage = typeof name === "string" && typeof data === "object" && data !== null;
  return isMessage && typeof id === "string" && typeof order === "number";
}
