/** KEPT. Keeps an open room attached to its channel, and reports what happens there. */
import type { ChannelStateChange, ConnectionStateChange, RealtimeChannel } from "ably";
import type { Connection } from "./connection.ts";
import type { Contract, Profile } from "./contract.ts";
import { type ErrorInfo, isTemporary, readError } from "./errors.ts";
import { Messages, type RoomMessage } from "./messages.ts";
import { type Outbox, type Unsent, outboxOf } from "./outbox.ts"; // delete with outbox.ts
import { type Member, Presence } from "./presence.ts";
import { Retry } from "./retry.ts";

export type RoomEvents<C extends Contract> = {
  /** Each message once, even if Ably delivers it again, oldest first. */
  message?(message: RoomMessage<C>): void;
  members?(members: Member<C>[]): void;
  status?(status: RoomStatus): void;
  /** This tab's messages that Ably has not delivered back yet, in order, whenever they change. */
  unsent?(unsent: Unsent<C>[]): void; // delete with outbox.ts
};

export type RoomStatus = {
  state: RealtimeChannel["state"];
  /** False if messages may have been missed since the channel was last attached. */
  isContinuous: boolean;
  error?: ErrorInfo | undefined;
};

/** As `presence` of `openRoom`. */
export type PresenceMode = "enter" | "watch" | "none";

type Settings<C extends Contract> = {
  presence: PresenceMode;
  /** What this page shows. Undefined: it is not a member. */
  readProfile: () => Profile<C> | undefined;
  history: string | number;
};

const NOT_ALLOWED = 40160;
/** After a lost connection, the SDK could not enter presence again. The cause says why. */
const NOT_ENTERED_AGAIN = 91004;
const MIN_RETRY_MS = 2_000;
const MAX_RETRY_MS = 60_000;
/** https://ably.com/docs/channels/options/rewind */
const MAX_REWIND = 100;
/** Ably delivers two minutes again, less 30 s until a dead connection is noticed, and 10 s to be safe. */
const MAX_BREAK_MS = 80_000;

export class Attachment<C extends Contract> {
  readonly presence: Presence<C> | undefined;
  readonly #connection: Connection;
  readonly #channel: RealtimeChannel;
  readonly #events: RoomEvents<C>;
  readonly #settings: Settings<C>;
  readonly #messages: Messages<C>;
  readonly #outbox: Outbox<C>; // delete with outbox.ts
  readonly #retry = new Retry(() => this.attach(), MIN_RETRY_MS, MAX_RETRY_MS);
  #isSubscribed = false;
  #wasAttached = false;
  /** When this page closed an open connection itself, to open another one, by both clocks. */
  #closedAt: { tick: number; time: number } | undefined;
  /** The channel was attached and has just been detached: the SDK does that before it says "closing". */
  #wasJustDetached = false;
  #isRefusedEntry = false;
  #isOpen = true;

  constructor(
    connection: Connection,
    channel: RealtimeChannel,
    contract: C,
    events: RoomEvents<C>,
    settings: Settings<C>,
  ) {
    this.#connection = connection;
    this.#channel = channel;
    this.#events = events;
    this.#settings = settings;
    this.#outbox = outboxOf(connection, channel, contract); // delete with outbox.ts
    this.#messages = new Messages(channel, contract, (message) => {
      events.message?.(message);
      if (message.clientId === connection.clientId) this.#outbox.echo(message.id); // delete with outbox.ts
    });
    if (settings.presence !== "none") {
      this.presence = new Presence(connection, channel, contract, settings.readProfile, {
        members: (members) => events.members?.(members),
        answered: (error) => this.#onAnswered(error),
      });
    }
    connection.client.connection.on(this.#onConnection);
    connection.window?.addEventListener("pagehide", this.#onPageHide);
    connection.window?.addEventListener("pageshow", this.#onPageShow);
    channel.on(this.#onState);
    this.#subscribe();
    const { state } = channel;
    if (state === "attached") this.#onState({ previous: state, current: state, resumed: true });
    else this.attach();
  }

  attach(): void {
    this.#retry.stop();
    if (this.#channel.state === "attached") return;
    this.#outbox.setGate({ type: "opening" }); // delete with outbox.ts
    // The channel's next state reports an error.
    this.#channel.attach().catch(() => {});
  }

  close(): void {
    this.#isOpen = false;
    this.#retry.stop();
    this.#connection.client.connection.off(this.#onConnection);
    this.#connection.window?.removeEventListener("pagehide", this.#onPageHide);
    this.#connection.window?.removeEventListener("pageshow", this.#onPageShow);
    this.#channel.off(this.#onState);
    this.#messages.close();
    this.presence?.close();
  }

  /** The SDK does not subscribe to a failed channel. The channel's next state tries again. */
  #subscribe(): void {
    if (this.#isSubscribed || this.#channel.state === "failed") return;
    this.#isSubscribed = true;
    this.#messages.subscribe();
    this.presence?.subscribe();
  }

  readonly #onState = (change: ChannelStateChange): void => {
    const { current, previous, reason } = change;
    this.#wasJustDetached = current === "detached" && previous === "attached";
    this.#subscribe();
    const error = reason && readError(reason);
    if (error && reason.code === NOT_ENTERED_AGAIN) return this.presence?.refused(error);
    if (current === "suspended") this.#outbox.setGate({ type: "opening" }); // delete with outbox.ts
    switch (current) {
      case "attached":
        this.#onAttached(change.resumed, error);
        break;
      case "failed":
        this.#onFailed(error);
        break;
      case "detached":
        this.presence?.reset();
        this.#report(error);
        break;
      default:
        this.#report(error);
    }
    this.presence?.notify();
  };

  #onAttached(isResumed: boolean, error: ErrorInfo | undefined): void {
    this.#retry.reset();
    // A resumed attachment does not bring the rest of the history that was on its way.
    const mayHaveGap = this.#wasAttached && (!isResumed || this.#messages.isCatchingUp);
    this.#wasAttached = true;
    if (mayHaveGap && this.#isOwnBreakShort()) this.#messages.hold();
    else {
      this.#report(error, !mayHaveGap);
      this.#messages.release();
    }
    this.#closedAt = undefined;
    this.#outbox.setGate({ type: "open" }); // delete with outbox.ts
    void this.presence?.enterIfNeeded();
    if (this.#settings.presence !== "enter") void this.#endHistorySoon();
  }

  /** A connection that fails also fails its channels. Then Ably did not refuse the room. */
  #onFailed(error: ErrorInfo | undefined): void {
    this.presence?.reset();
    if (this.#connection.client.connection.state !== "connected") return this.#report(error);
    // The stored token may be older than an invitation. With a new one, `#onConnection` attaches again.
    const renewal = error?.code === NOT_ALLOWED ? this.#connection.renewStoredToken() : undefined;
    // Without a new token, it is not known whether the room is closed to this visitor.
    if (renewal) return void renewal.catch(() => this.#onRefused(error, true));
    this.#onRefused(error, error !== undefined && isTemporary(error));
  }

  #onRefused(error: ErrorInfo | undefined, mayHeal: boolean): void {
    if (!this.#isOpen) return;
    if (mayHeal) this.#retry.later();
    else if (error) this.#outbox.setGate({ type: "refused", error }); // delete with outbox.ts
    this.#report(error);
  }

  /** After such a break, Ably delivers again what this page may have missed. */
  #isOwnBreakShort(): boolean {
    if (!this.#closedAt) return false;
    const { tick, time } = this.#closedAt;
    // While a computer sleeps, `performance.now()` may stand still. The other clock can be set.
    const away = Math.max(performance.now() - tick, Date.now() - time);
    const { history } = this.#settings;
    // A history of less than two minutes may be shorter than the break.
    return away < MAX_BREAK_MS && (history === "2m" || Number(history) > 0);
  }

  #onAnswered(error: ErrorInfo | undefined): void {
    // Ably delivers what came before this page before it lets the page enter.
    this.#endHistory();
    // Each change of the profile enters again. Only a refusal, and its end, change the status.
    if (error || this.#isRefusedEntry) this.#report(error);
    this.#isRefusedEntry = error !== undefined;
  }

  /** Ably answers a ping after what it has delivered to a new page. */
  async #endHistorySoon(): Promise<void> {
    const { connection } = this.#connection.client;
    await connection.ping().catch(() => {});
    // After a drop, the next attachment sends another ping.
    if (this.#isOpen && connection.state === "connected") this.#endHistory();
  }

  #endHistory(): void {
    this.#messages.endHistory();
    if (!this.#messages.isCatchingUp) return;
    const limit = Math.min(Number(this.#settings.history) || MAX_REWIND, MAX_REWIND);
    this.#report(undefined, this.#messages.isComplete(limit));
    this.#messages.release();
  }

  #report(error?: ErrorInfo, isContinuous = true): void {
    if (!this.#isOpen) return;
    this.#events.status?.({ state: this.#channel.state, isContinuous, error });
    if (!isContinuous) this.#outbox.forgetAcknowledged(); // delete with outbox.ts
  }

  readonly #onConnection = ({ current, previous }: ConnectionStateChange): void => {
    // If the connection was away already, it is not known for how long.
    const isClosing = current === "closing" && previous === "connected";
    // What was still on its way may be missing, too.
    if (isClosing && this.#wasJustDetached && !this.#messages.isCatchingUp)
      this.#closedAt = { tick: performance.now(), time: Date.now() };
    if (current !== "connected") this.#outbox.setGate({ type: "opening" }); // delete with outbox.ts
    // With a new token, too: then the connection reports another "connected", as an update.
    if (current !== "connected") return;
    this.attach();
    void this.presence?.enterIfNeeded();
  };

  /** A page in the back/forward cache is not here, but keeps its connection for a way back. */
  readonly #onPageHide = (): void => this.presence?.leave();

  readonly #onPageShow = (event: Event): void => {
    if (!("persisted" in event && event.persisted)) return;
    this.#outbox.reload(); // delete with outbox.ts
    void this.presence?.enterIfNeeded();
  };
}
