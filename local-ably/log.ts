import { memoryOf } from "./message.ts";
import type { Entry, Message } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** What a kept entry takes beside its messages, bytes. */
const BYTES_PER_ENTRY = 400;

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
    const { memory, settings } = this.#owner;
    this.#entries.push(entry);
    this.#byId.set(entry.messages?.[0]?.id ?? "", entry);
    memory.kept += memoryOfEntry(entry);
    if (this.#entries.length > settings.maxMessagesKept) this.#forgetOldest();
  }

  /** Makes the app fit into its memory. */
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
    const missed = this.#entries.filter(({ channelSerial }) => channelSerial > serial);
    const hasGap = serial < this.#forgotten || missed.some((entry) => this.#isExpired(entry));
    return hasGap ? undefined : missed;
  }

  /** Returns the messages of the recent publish whose first message has this id. */
  findById(id: string): Message[] | undefined {
    const entry = this.#byId.get(id);
    return entry && !this.#isExpired(entry) ? entry.messages : undefined;
  }

  findBySerial(serial: string): Entry | undefined {
    return this.#entries.find(({ channelSerial }) => channelSerial === serial);
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
