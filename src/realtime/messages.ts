/** KEPT. The messages of a room: each once, in Ably's order, and checked against the contract. */
import type { InboundMessage, RealtimeChannel } from "ably";
import { type Content, type Contract, isForged, parseMessage } from "./contract.ts";

export type RoomMessage<C extends Contract> = {
  /** Chosen by its publisher: unique only among the messages of one `clientId`. */
  id: string;
  /** Identifies this message among all of a room, and has a bounded length. */
  key: string;
  clientId: string;
  /** In ms since the epoch, by Ably's clock. */
  timestamp: number;
  /** It came before this page was in the list of members or, if it does not enter, before its first ping. */
  isHistory: boolean;
  /** The name and data if they match the contract. Otherwise undefined: show `raw`. */
  content: Content<C> | undefined;
  /** What its publisher sent beside the data: see `headers` of `openRoom`. Anyone can write anything. */
  headers: Record<string, string>;
  raw: InboundMessage;
};

/** In place of the client ID of a message that has none. */
export const NOBODY = "(nobody)";

const MAX_KEYS_KEPT = 10_000;
const MAX_KEY_PART_LENGTH = 128;
/** The furthest time that a Date can hold. */
const MAX_TIME_MS = 8.64e15;

export class Messages<C extends Contract> {
  readonly #channel: RealtimeChannel;
  readonly #contract: C;
  readonly #report: (message: RoomMessage<C>) => void;
  readonly #seen = new Set<string>();
  #isHistory = true;
  /** Messages that wait until it is known whether some are missing before them. */
  #held: RoomMessage<C>[] | undefined;
  /** For each message that Ably has delivered since `hold`: whether it was known. */
  #areKnown: boolean[] = [];

  constructor(channel: RealtimeChannel, contract: C, report: (message: RoomMessage<C>) => void) {
    this.#channel = channel;
    this.#contract = contract;
    this.#report = report;
  }

  /** Call it once, on a channel that has not failed. */
  subscribe(): void {
    void this.#channel.subscribe(this.#onMessage);
  }

  /** Holds back what arrives until `release`. */
  hold(): void {
    this.#held ??= [];
    this.#areKnown = [];
  }

  /** What Ably delivers first, to a new page or after a break, may still be on its way. */
  get isCatchingUp(): boolean {
    return this.#isHistory || this.#held !== undefined;
  }

  /**
   * Returns whether what was held follows on what came before: it begins with a message that is
   * known, or Ably had fewer than it delivers to a new page.
   */
  isComplete(mostDelivered: number): boolean {
    return this.#areKnown[0] === true || this.#areKnown.length < mostDelivered;
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    held.forEach(this.#report);
  }

  /** What arrives from now on is new. */
  endHistory(): void {
    this.#isHistory = false;
  }

  close(): void {
    this.#channel.unsubscribe(this.#onMessage);
  }

  readonly #onMessage = (raw: InboundMessage): void => {
    const message = this.#read(raw);
    const isKnown = this.#seen.has(message.key);
    if (this.#held) this.#areKnown.push(isKnown);
    if (isKnown) return;
    this.#remember(message.key);
    if (isForged(this.#contract, raw.name, message.clientId)) return;
    if (this.#held) this.#held.push(message);
    else this.#report(message);
  };

  #read(raw: InboundMessage): RoomMessage<C> {
    const { name, data } = raw;
    const id = String(raw.id);
    const clientId = String(raw.clientId ?? NOBODY);
    const timestamp = Math.abs(raw.timestamp) <= MAX_TIME_MS ? raw.timestamp : Date.now();
    const content = parseMessage(this.#contract, name, data, clientId);
    const key = messageKey(clientId, id);
    const headers = readHeaders(raw.extras);
    return { id, key, clientId, timestamp, isHistory: this.#isHistory, content, headers, raw };
  }

  /** Rewind, resume and a second attach can deliver a message again. */
  #remember(key: string): void {
    this.#seen.add(key);
    const [oldest] = this.#seen;
    if (this.#seen.size > MAX_KEYS_KEPT && oldest !== undefined) this.#seen.delete(oldest);
  }
}

/** Returns the headers that are text. */
export function readHeaders(extras: unknown): Record<string, string> {
  const { headers } = Object(extras) as { headers?: unknown };
  return Object.fromEntries(
    Object.entries(Object(headers)).filter((entry): entry is [string, string] => {
      return typeof entry[1] === "string";
    }),
  );
}

/** As JSON, because both parts may hold any separator. */
export function messageKey(clientId: string, id: string): string {
  return JSON.stringify([shorten(clientId), shorten(id)]);
}

/** Publishers choose IDs of any length. */
function shorten(text: string): string {
  if (text.length <= MAX_KEY_PART_LENGTH) return text;
  const half = MAX_KEY_PART_LENGTH / 2;
  return `${text.slice(0, half)}…${text.length}…${text.slice(-half)}`;
}
