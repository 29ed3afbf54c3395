/**
 * KEPT, with outbox.ts. What the outbox stores: for the tab, each message that Ably has not
 * acknowledged; for all tabs of the site, which messages were published, and whether Ably has
 * acknowledged them. A duplicated tab has a copy of the first, and learns from the second what its
 * original has sent meanwhile.
 */
import { type ErrorInfo } from "./errors.ts";
import { readHeaders } from "./messages.ts";
import { type Storages, parseJson } from "./storage.ts";

export type Stored = {
  id: string;
  name: string;
  data: unknown;
  headers?: Record<string, string> | undefined;
  /** In ms since the epoch. Sorts the messages of one room as they were sent. */
  writtenAt: number;
  /** When it was first handed to an open connection, in ms since the epoch. */
  publishedAt?: number | undefined;
  /** Why it failed. */
  error?: ErrorInfo | undefined;
};

type Published = {
  channel: string;
  id: string;
  /** When it was first published, or acknowledged, in ms since the epoch. */
  at: number;
  isAcknowledged: boolean;
};

/** For one room, in UTF-16 code units. Browsers store about 5 MB for a tab. */
const MAX_LENGTH = 1_000_000;
/** A copy of a tab that sleeps for longer, or while the browser sends more, may send a message again. */
const PUBLISHED_KEPT_MS = 7 * 24 * 60 * 60_000;
const MAX_PUBLISHED = 500;
const SAVES_PER_PRUNE = 100;

export class OutboxStorage {
  readonly #storages: Storages;
  readonly #channel: string;
  readonly #key: [string, string, string];
  readonly #lengths = new Map<string, number>();
  #saves = 0;

  constructor(storages: Storages, channel: string, clientId: string) {
    this.#storages = storages;
    this.#channel = channel;
    this.#key = ["unsent", channel, clientId];
    this.#prunePublished();
  }

  /** Returns what this tab has left for the channel, in order. Anything else there is skipped. */
  load(): Stored[] {
    const texts = this.#storages.tab.list(...this.#key);
    const stored = texts.flatMap((text) => {
      const value = parseJson(text);
      if (!isStored(value)) return [];
      this.#lengths.set(value.id, text.length);
      return { ...value, headers: value.headers ? readHeaders(value) : undefined };
    });
    return stored.toSorted(byTime);
  }

  /**
   * Returns false if the browser could not store it, or would store too much for this room. What is
   * stored already may grow: otherwise a reload would find it as it was before Ably refused it.
   */
  save(entry: Stored): boolean {
    const text = JSON.stringify(entry);
    const isStoredAlready = this.#lengths.delete(entry.id);
    const total = [...this.#lengths.values()].reduce((sum, length) => sum + length, text.length);
    if (total > MAX_LENGTH && !isStoredAlready) return false;
    if (!this.#storages.tab.write(text, ...this.#key, entry.id)) return false;
    this.#lengths.set(entry.id, text.length);
    return true;
  }

  remove(id: string): void {
    this.#lengths.delete(id);
    this.#storages.tab.remove(...this.#key, id);
  }

  readPublished(id: string): Published | undefined {
    const value = parseJson(this.#storages.site.read("published", this.#channel, id));
    return isPublished(value) ? value : undefined;
  }

  savePublished(id: string, state: Pick<Published, "at" | "isAcknowledged">): void {
    const published: Published = { channel: this.#channel, id, ...state };
    this.#storages.site.write(JSON.stringify(published), "published", this.#channel, id);
    if (++this.#saves % SAVES_PER_PRUNE === 0) this.#prunePublished();
  }

  forgetPublished(id: string, channel = this.#channel): void {
    this.#storages.site.remove("published", channel, id);
  }

  #prunePublished(): void {
    const all = this.#storages.site.list("published").flatMap((text) => {
      const value = parseJson(text);
      return isPublished(value) ? value : [];
    });
    const newestFirst = all.toSorted((one, other) => other.at - one.at);
    newestFirst.forEach(({ id, channel, at }, index) => {
      const isOld = Date.now() - at >= PUBLISHED_KEPT_MS;
      if (isOld || index >= MAX_PUBLISHED) this.forgetPublished(id, channel);
    });
  }
}

/** Sorts messages as they were sent. */
export function byTime(one: Stored, other: Stored): number {
  return one.writtenAt - other.writtenAt;
}

/** `Object` makes an empty object of null, and leaves one as it is. */
function isStored(value: unknown): value is Stored {
  const { id, name, writtenAt, publishedAt, error }: Partial<Stored> = Object(value);
  return (
    typeof id === "string" &&
    id !== "" &&
    typeof name === "string" &&
    Number.isFinite(writtenAt) &&
    (publishedAt === undefined || Number.isFinite(publishedAt)) &&
    (error === undefined || isErrorInfo(error))
  );
}

function isErrorInfo(value: unknown): value is ErrorInfo {
  const { code, statusCode, message }: Partial<ErrorInfo> = Object(value);
  return Number.isFinite(code) && Number.isFinite(statusCode) && typeof message === "string";
}

function isPublished(value: unknown): value is Published {
  const { channel, id, at, isAcknowledged }: Partial<Published> = Object(value);
  const isNamed = typeof channel === "string" && typeof id === "string";
  return isNamed && Number.isFinite(at) && typeof isAcknowledged === "boolean";
}
