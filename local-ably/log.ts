import { memoryOf } from "./message.ts";
import type { Entry, Message } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** What a kept entry takes beside its messages, bytes. */
const BYTES_PER_ENTRY = 400;

/** What the logs of an app share. */
type Owner = { readonly settings: Settings; readonly memory: { kept: number } };

/**
 * The entries that a channel keeps, oldest first. Expired ones stay while there is room, so that
 * messages can still be changed, but history and resume do not reach them.
 */
export class Log {
  readonly #owner: Owner;
  readonly #onForget: (messages: Message[]) => void;
  readonly #entries: Entry[] = [];
  /** By the id of the first message. */
  readonly #byId = new Map<string, Entry>();
  /** The newest serial that is no longer kept. */
  #forgotten: string;

  constructor(owner: Owner, serial: string, onForget: (messages: Message[]) => void) {
    this.#owner = owner;
    this.#forgotten = serial;
    this.#onForget = onForget;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#owner.memory.kept += memoryOfEntry(entry);
    const [first] = entry.messages ?? [];
    if (first) this.#byId.set(first.id, entry);
    if (this.#entries.length > this.#owner.settings.maxMessagesKept) this.#forgetOldest();
  }

  /** Forgets the oldest entries until the app is within its memory. */
  shrink(): void {
    const { memory, settings } = this.#owner;
    while (memory.kept > settings.maxBytesKept && !this.isEmpty) this.#forgetOldest();
  }

  dropExpired(): void {
    while (this.#entries[0] && this.#isExpired(this.#entries[0])) this.#forgetOldest();
  }

  recent(): Entry[] {
    return this.#entries.filter((entry) => !this.#isExpired(entry));
  }

  /** Returns what came after a serial, or undefined if some of it is no longer kept. */
  since(serial: string): Entry[] | undefined {
    if (serial < this.#forgotten) return undefined;
    const missed = this.#entries.filter(({ channelSerial }) => channelSerial > serial);
    return missed.some((entry) => this.#isExpired(entry)) ? undefined : missed;
  }

  /** Returns the messages of the recent publish whose first message has this id. */
  findById(id: string): Message[] | undefined {
    const entry = this.#byId.get(id);
    return entry && !this.#isExpired(entry) ? entry.messages : undefined;
  }

  findBySerial(serial: string): Entry | undefined {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.channelSerial ?? "") < serial) low = middle + 1;
      else high = middle;
    }
    return this.#entries[low]?.channelSerial === serial ? this.#entries[low] : undefined;
  }

  #isExpired({ timestamp }: Entry): boolean {
    return timestamp < Date.now() - this.#owner.settings.messageTtl;
  }

  #forgetOldest(): void {
    const entry = this.#entries.shift();
    if (!entry) return;
    this.#forgotten = entry.channelSerial;
    this.#byId.delete(entry.messages?.[0]?.id ?? "");
    this.#owner.memory.kept -= memoryOfEntry(entry);
    this.#onForget(entry.messages ?? []);
  }
}

function memoryOfEntry({ messages = [], presence = [], annotations = [] }: Entry): number {
  const all = [...messages, ...presence, ...annotations];
  return all.reduce((sum, item) => sum + memoryOf(item), BYTES_PER_ENTRY);
}
