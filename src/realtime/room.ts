/** One channel as a typed room: messages, who is there, and sending. */
import type { ChannelStateChange, InboundMessage, RealtimeChannel } from "ably";
import type { Client } from "./connect.ts";
import {
  type MessageName,
  type Payloads,
  type Profile,
  type RoomContent,
  channelName,
  parseContent,
} from "./contract.ts";
import { type ErrorInfo, readError } from "./error-info.ts";
import { randomId } from "./identity.ts";
import { Outbox, type Unsent } from "./outbox.ts";
import { type Member, Presence } from "./presence.ts";

export type { Member, Unsent };

export type RoomEvents = {
  /** Each message once, even if Ably delivers it again, oldest first. */
  message?(message: RoomMessage): void;
  members?(members: Member[]): void;
  status?(status: RoomStatus): void;
  /** This tab's messages that Ably has not acknowledged, in order, whenever they change. */
  unsent?(unsent: Unsent[]): void;
};

export type RoomMessage = {
  /** Chosen by its publisher: unique only among the messages of one `clientId`. */
  id: string;
  /** Names this message among all of a room, and has a bounded length. */
  key: string;
  clientId: string;
  /** In ms since the epoch, by Ably's clock. */
  timestamp: number;
  /** It was sent before this page came. */
  isHistory: boolean;
  /** The name and data if they match the contract. Otherwise undefined: show `raw`. */
  content: RoomContent | undefined;
  raw: InboundMessage;
};

export type RoomStatus = {
  state: RealtimeChannel["state"];
  /** False if messages may have been missed since the channel was last attached. */
  isContinuous: boolean;
  error?: ErrorInfo | undefined;
};

export type Room = {
  /**
   * Publishes a message as soon as it can, after those before it, also over a reload. Resolves when
   * Ably has acknowledged it, and rejects with an ErrorInfo if Ably refuses it.
   * @param id Identifies the message when it comes back. Ably drops repeats of it for two minutes.
   */
  send<Name extends MessageName>(name: Name, data: Payloads[Name], id?: string): Promise<void>;
  /** Publishes a message that failed again, or forgets it. */
  resend(id: string): void;
  discard(id: string): void;
  /** Changes some fields of the profile, and keeps the others. */
  setProfile(change: Partial<Profile>): void;
  /** Attaches a channel again that has failed. */
  reopen(): void;
  close(): void;
};

/** How much history a new page gets: a time or, as "50", a number of messages, up to 100. */
const HISTORY = "2m";
const MAX_KEYS_KEPT = 10_000;
const MAX_KEY_PART_LENGTH = 128;
/** The furthest time that a Date can hold. */
const MAX_TIME_MS = 8.64e15;

/** How many open rooms use each channel. The last one to close detaches it. */
const users = new WeakMap<RealtimeChannel, number>();

/**
 * Opens a room. It may be closed and opened again at any time: the last call decides. A room that is
 * open already shares its channel, and gets the messages from then on.
 */
export function openRoom(client: Client, name: string, profile: Profile, events: RoomEvents): Room {
  const channel = client.channels.get(channelName(name), {
    params: { rewind: HISTORY },
    attachOnSubscribe: false,
  });
  const outbox = new Outbox(client, channel, events.unsent);
  users.set(channel, (users.get(channel) ?? 0) + 1);
  let session: Session | undefined;
  let isOpen = true;
  let latestProfile = profile;

  void whenDetached(channel).then(() => {
    if (isOpen) session = openSession(client, channel, latestProfile, events);
  });

  return {
    send: (name, data, id = randomId()) => outbox.send(name, data, id),
    resend: (id) => outbox.retry(id),
    discard: (id) => outbox.discard(id),
    setProfile(change) {
      latestProfile = { ...latestProfile, ...change };
      session?.presence.update(latestProfile);
    },
    reopen: () => session?.attach(),
    close() {
      if (!isOpen) return;
      isOpen = false;
      session?.close();
      outbox.close();
      const left = (users.get(channel) ?? 1) - 1;
      users.set(channel, left);
      // Detaching a failed channel rejects, and there is nothing to do about it.
      if (left === 0) channel.detach().catch(() => {});
    },
  };
}

/** Resolves when the channel is not being detached: attaching it meanwhile would lose its history. */
async function whenDetached(channel: RealtimeChannel): Promise<void> {
  while (channel.state === "detaching") {
    await new Promise<void>((resolve) => channel.once(() => resolve()));
  }
}

type Session = { presence: Presence; attach(): void; close(): void };

function openSession(
  client: Client,
  channel: RealtimeChannel,
  profile: Profile,
  events: RoomEvents,
): Session {
  let wasAttached = false;
  const report = (error?: ErrorInfo, isContinuous = true) => {
    events.status?.({ state: channel.state, isContinuous, error });
  };
  const messages = subscribe(channel, (message) => events.message?.(message));
  const presence = new Presence(client, channel, profile, {
    members: (members) => events.members?.(members),
    entered(error) {
      // Ably delivers what came before this page before it lets the page enter.
      messages.endHistory();
      report(error);
    },
  });
  const onState = ({ current, resumed, reason }: ChannelStateChange) => {
    const isGap = current === "attached" && wasAttached && !resumed;
    if (current === "attached") wasAttached = true;
    if (current === "detached" || current === "failed") presence.reset();
    report(reason && readError(reason), !isGap);
    if (current === "attached") void presence.enterIfNeeded();
    presence.notify();
  };
  const { attach, unwatch } = keepAttached(client, channel);
  channel.on(onState);
  const { state } = channel;
  if (state === "attached") onState({ previous: state, current: state, resumed: true });
  else attach();

  return {
    presence,
    attach,
    close() {
      unwatch();
      channel.off(onState);
      messages.unsubscribe();
      presence.close();
    },
  };
}

/** Reports each message once. Until `endHistory` is called, messages count as history. */
function subscribe(channel: RealtimeChannel, report: (message: RoomMessage) => void) {
  const isNew = createDeduplicator();
  let isHistory = true;
  const onMessage = (raw: InboundMessage) => {
    const message = readMessage(raw, isHistory);
    if (isNew(message.key)) report(message);
  };
  void channel.subscribe(onMessage);
  return {
    endHistory() {
      isHistory = false;
    },
    unsubscribe: () => channel.unsubscribe(onMessage),
  };
}

function keepAttached({ connection }: Client, channel: RealtimeChannel) {
  const attach = () => {
    // The channel's next state reports an error.
    channel.attach().catch(() => {});
  };
  const onConnected = () => {
    if (channel.state === "failed" || channel.state === "detached") attach();
  };
  connection.on("connected", onConnected);
  return { attach, unwatch: () => connection.off("connected", onConnected) };
}

/**
 * In an open room, for what is outdated in a moment, such as a cursor: it reaches those who are here
 * now, and nobody later. It is dropped, not queued, while the connection is away.
 * https://ably.com/docs/pub-sub/advanced#ephemeral
 */
export function sendEphemeral<Name extends MessageName>(
  client: Client,
  room: string,
  name: Name,
  data: Payloads[Name],
): void {
  const channel = client.channels.get(channelName(room));
  if (client.connection.state !== "connected" || channel.state !== "attached") return;
  channel.publish({ name, data, extras: { ephemeral: true } }).catch(() => {});
}

/** As JSON, because both parts may hold any separator. */
export function messageKey(clientId: string, id: string): string {
  return JSON.stringify([shorten(clientId), shorten(id)]);
}

function readMessage(raw: InboundMessage, isHistory: boolean): RoomMessage {
  const { name, data } = raw;
  const id = String(raw.id);
  const clientId = String(raw.clientId ?? "(nobody)");
  const timestamp = Math.abs(raw.timestamp) <= MAX_TIME_MS ? raw.timestamp : Date.now();
  const key = messageKey(clientId, id);
  return { id, key, clientId, timestamp, isHistory, content: parseContent(name, data), raw };
}

/** Publishers choose IDs of any length. */
function shorten(text: string): string {
  if (text.length <= MAX_KEY_PART_LENGTH) return text;
  const half = MAX_KEY_PART_LENGTH / 2;
  return `${text.slice(0, half)}…${text.length}…${text.slice(-half)}`;
}

/** Rewind, resume and a second attach can deliver a message again. */
function createDeduplicator(): (key: string) => boolean {
  const seen = new Set<string>();
  return (key) => {
    if (seen.has(key)) return false;
    seen.add(key);
    const [oldest] = seen;
    if (seen.size > MAX_KEYS_KEPT && oldest !== undefined) seen.delete(oldest);
    return true;
  };
}
