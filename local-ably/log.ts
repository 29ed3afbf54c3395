import type { Budget } from "./budget.ts";
import { memoryOf } from "./message.ts";
import type { Entry } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** What a kept entry takes beside its messages, bytes. */
const BYTES_PER_ENTRY = 400;

/**
 * The entries that a channel keeps, oldest first. It keeps expired ones while there is room, so
 * that messages can still be changed, but history and resume do not reach them.
 */
export class Log {
  readonly #settings: Settings;
  readonly #budget: Budget;
  readonly #onForget: (entry: Entry) => void;
  readonly #entries: Entry[] = [];
  /** By the id of the first message. */
  readonly #byId = new Map<string, Entry>();
  /** The newest serial that is no longer kept. */
  #forgotten: string;

  constructor(
    settings: Settings,
    budget: Budget,
    serial: string,
    onForget: (entry: Entry) => void,
  ) {
    this.#settings = settings;
    this.#budget = budget;
    this.#forgotten = serial;
    this.#onForget = onForget;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#budget.take(memoryOfEntry(entry));
    const [first] = entry.messages ?? [];
    if (first) this.#byId.set(first.id, entry);
    if (this.#entries.length > this.#settings.maxMessagesKept) this.#forgetOldest();
  }

  /** Makes room in the budget, if it is exceeded. */
  shrink(): void {
    while (this.#budget.isExceeded && !this.isEmpty) this.#forgetOldest();
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

  /** Returns a recent publish whose first message has this id. */
  findById(id: string): Entry | undefined {
    const entry = this.#byId.get(id);
    return entry && !this.#isExpired(entry) ? entry : undefined;
  }

  findBySerial(serial: string): Entry | undefined {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle];
      if (entry && entry.channelSerial < serial) low = middle + 1;
      else high = middle;
    }
    const found = this.#entries[low];
    return found?.channelSerial === serial ? found : undefined;
  }

  #isExpired({ timestamp }: Entry): boolean {
    return timestamp < Date.now() - this.#settings.messageTtl;
  }

  #forgetOldest(): void {
    const entry = this.#entries.shift();
    if (!entry) return;
    this.#forgotten = entry.channelSerial;
    this.#byId.delete(entry.messages?.[0]?.id ?? "");
    this.#budget.free(memoryOfEntry(entry));
    this.#onForget(entry);
  }
}

function memoryOfEntry({ messages = [], presence = [], annotations = [] }: Entry): number {
  const all = [...messages, ...presence, ...annotations];
  return all.reduce((sum, item) => sum + memoryOf(item), BYTES_PER_ENTRY);
}
