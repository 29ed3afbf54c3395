/** Who is in a room, and this page's own place among them. */
import type { PresenceMessage, RealtimeChannel } from "ably";
import type { Client } from "./connect.ts";
import { type Profile, parseProfile } from "./contract.ts";
import { type ErrorInfo, readError } from "./error-info.ts";

export type Member = Profile & {
  isTyping: boolean;
  clientId: string;
  connectionId: string;
  /** When Ably received what the member last published about itself, in ms since the epoch. */
  timestamp: number;
  /** The same moment by this page's clock, for how long ago it was. */
  seenAt: number;
};

export type PresenceEvents = {
  /** The members, whenever they change, at most every 50 ms. */
  members(members: Member[]): void;
  /** Others see this page, or Ably refused that. */
  entered(error?: ErrorInfo): void;
};

/** Fifty people who type would otherwise rebuild the list at every key. */
const NOTIFY_DELAY_MS = 50;

export class Presence {
  readonly #client: Client;
  readonly #channel: RealtimeChannel;
  readonly #events: PresenceEvents;
  #profile: Profile;
  /** By connection. */
  readonly #seenAt = new Map<string, number>();
  #needsEntering = true;
  #isOpen = true;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Client, channel: RealtimeChannel, profile: Profile, events: PresenceEvents) {
    this.#client = client;
    this.#channel = channel;
    this.#profile = profile;
    this.#events = events;
    void channel.presence.subscribe(this.#onPresence);
  }

  update(profile: Profile): void {
    this.#profile = profile;
    this.#needsEntering = true;
    void this.enterIfNeeded();
  }

  /**
   * Enters the member list, unless it holds the current profile already. The SDK enters again after
   * a lost connection, with the profile that it had then.
   */
  async enterIfNeeded(): Promise<void> {
    if (!this.#isOpen || !this.#needsEntering || this.#channel.state !== "attached") return;
    const profile = this.#profile;
    try {
      this.#needsEntering = false;
      await this.#channel.presence.enter(profile);
    } catch (error) {
      this.#needsEntering = true;
      this.#events.entered(readError(error));
    }
  }

  /** Reports the members soon. Call it when the channel's state has changed. */
  notify(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#report();
    }, NOTIFY_DELAY_MS);
  }

  /** The SDK forgets the members of a channel that was detached: this page has to enter again. */
  reset(): void {
    this.#needsEntering = true;
  }

  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#channel.presence.unsubscribe(this.#onPresence);
  }

  readonly #onPresence = ({ action, connectionId }: PresenceMessage): void => {
    if (action === "leave") this.#seenAt.delete(connectionId);
    else this.#seenAt.set(connectionId, Date.now());
    if (connectionId === this.#client.connection.id) this.#events.entered();
    this.notify();
  };

  async #report(): Promise<void> {
    const { state, presence } = this.#channel;
    // The SDK would attach a detached channel for this.
    const isReadable = state === "attached" || state === "suspended" || state === "attaching";
    if (!isReadable) return this.#events.members([]);
    // Rejects if the channel fails meanwhile. Its next state reports the members again.
    const present = await presence.get({ waitForSync: false }).catch(() => []);
    if (this.#isOpen) this.#events.members(present.map((member) => this.#read(member)));
  }

  #read({ clientId, connectionId, data, timestamp }: PresenceMessage): Member {
    const profile = parseProfile(data) ?? { name: clientId };
    const seenAt = this.#seenAt.get(connectionId) ?? 0;
    return { isTyping: false, ...profile, clientId, connectionId, timestamp, seenAt };
  }
}
