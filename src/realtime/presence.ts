/** KEPT. Who is in a room, and this page's own place among them. */
import type { PresenceMessage, RealtimeChannel } from "ably";
import type { Connection } from "./connection.ts";
import { type Contract, type Profile, parseProfile } from "./contract.ts";
import { type ErrorInfo, isTemporary, readError } from "./errors.ts";
import { Retry } from "./retry.ts";

export type Member<C extends Contract> = {
  clientId: string;
  connectionId: string;
  /** What the member shows. Undefined if it does not match the contract. */
  profile: Profile<C> | undefined;
  /** When Ably received what the member last published about itself, in ms since the epoch. */
  timestamp: number;
  /** When this page first saw that, by its own clock: when the page came, if it was before. */
  seenAt: number;
};

type PresenceEvents<C extends Contract> = {
  /** The members, whenever they change, at most every 50 ms. */
  members(members: Member<C>[]): void;
  /** Ably has let this page in, or refused to. */
  answered(error?: ErrorInfo): void;
};

/** Fifty people who type would otherwise rebuild the list at every key. */
const NOTIFY_DELAY_MS = 50;
const MIN_RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;

/** The members of one channel. It reports them from the start, and enters when it is asked to. */
export class Presence<C extends Contract> {
  readonly #connection: Connection;
  readonly #channel: RealtimeChannel;
  readonly #contract: C;
  readonly #events: PresenceEvents<C>;
  readonly #readProfile: () => Profile<C> | undefined;
  /** Each is read once, however often the others change: `seenAt` is when it came. */
  readonly #members = new WeakMap<PresenceMessage, Member<C>>();
  readonly #retry = new Retry(() => void this.enterIfNeeded(), MIN_RETRY_MS, MAX_RETRY_MS);
  #needsEntering = true;
  #entering = 0;
  /** The profile that Ably showed last, as JSON, if it was not the one of this page. */
  #outdated: string | undefined;
  #isOpen = true;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    connection: Connection,
    channel: RealtimeChannel,
    contract: C,
    readProfile: () => Profile<C> | undefined,
    events: PresenceEvents<C>,
  ) {
    this.#connection = connection;
    this.#channel = channel;
    this.#contract = contract;
    this.#readProfile = readProfile;
    this.#events = events;
  }

  /** Call it once, on a channel that has not failed. */
  subscribe(): void {
    void this.#channel.presence.subscribe(this.#onPresence);
  }

  /** Enters again, with the present profile. */
  update(): void {
    this.#needsEntering = true;
    void this.enterIfNeeded();
  }

  /**
   * Enters the member list, unless it holds the current profile already. The SDK enters again after
   * a lost connection, with the profile that it had then.
   */
  async enterIfNeeded(): Promise<void> {
    const profile = this.#readProfile();
    if (profile === undefined || !this.#isOpen || !this.#needsEntering) return;
    if (this.#channel.state !== "attached") return;
    // Without a connection, the SDK would keep this profile, and then enter again with the last one.
    const { connection } = this.#connection.client;
    if (connection.state !== "connected") return;
    this.#retry.stop();
    try {
      this.#needsEntering = false;
      this.#entering++;
      await this.#channel.presence.enter(profile);
      this.#retry.reset();
    } catch (thrown) {
      this.#needsEntering = true;
      // Without a connection, the error is the connection's.
      if (connection.state === "connected") this.refused(readError(thrown));
    } finally {
      this.#entering--;
    }
  }

  /** Ably has refused this page, or what the SDK has entered for it after a lost connection. */
  refused(error: ErrorInfo): void {
    this.#needsEntering = true;
    if (!this.#isOpen) return;
    if (isTemporary(error)) this.#retry.later();
    this.#events.answered(error);
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

  /** Leaves the member list until the next `enterIfNeeded`. The page stays in the room. */
  leave(): void {
    if (this.#readProfile() === undefined) return;
    this.#needsEntering = true;
    // If this fails, Ably removes the member when the connection is lost.
    this.#channel.presence.leave().catch(() => {});
  }

  close(): void {
    this.#isOpen = false;
    this.#retry.stop();
    clearTimeout(this.#timer);
    this.#channel.presence.unsubscribe(this.#onPresence);
  }

  readonly #onPresence = ({ action, connectionId, data }: PresenceMessage): void => {
    const isMine = connectionId === this.#connection.client.connection.id;
    if (isMine && action !== "leave") {
      this.#events.answered();
      this.#correct(data);
    }
    this.notify();
  };

  /** After a lost connection, the SDK may enter again with any earlier profile. */
  #correct(data: unknown): void {
    const shown = JSON.stringify(data);
    const isOutdated = shown !== JSON.stringify(this.#readProfile());
    const isNews = isOutdated && shown !== this.#outdated;
    this.#outdated = isOutdated ? shown : undefined;
    if (isNews && this.#entering === 0 && !this.#needsEntering) this.update();
  }

  async #report(): Promise<void> {
    const { state, presence } = this.#channel;
    // The SDK would attach a detached channel for this.
    const isReadable = state === "attached" || state === "suspended" || state === "attaching";
    if (!isReadable) return this.#events.members([]);
    // Rejects if the channel fails meanwhile. Its next state reports the members again.
    const present = await presence.get({ waitForSync: false }).catch(() => []);
    if (this.#isOpen) this.#events.members(present.map((member) => this.#read(member)));
  }

  #read(message: PresenceMessage): Member<C> {
    const known = this.#members.get(message);
    if (known) return known;
    const { clientId, connectionId, data, timestamp } = message;
    const profile = parseProfile(this.#contract, data);
    const member = { clientId, connectionId, profile, timestamp, seenAt: Date.now() };
    this.#members.set(message, member);
    return member;
  }
}
