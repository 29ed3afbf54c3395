/** KEPT. One channel as a typed room: messages, who is there, and sending. */
import type { RealtimeChannel } from "ably";
import { Attachment, type PresenceMode, type RoomEvents } from "./attachment.ts";
import type { Connection } from "./connection.ts";
import {
  type Contract,
  type Data,
  type MessageName,
  type Profile,
  channelName,
} from "./contract.ts";
import { callAndReport } from "./errors.ts";
import { randomId } from "./identity.ts";
import { outboxOf } from "./outbox.ts"; // delete with outbox.ts

export type RoomOptions<C extends Contract> = {
  /**
   * How much history a new page gets: a time up to "2m", or a number of messages up to 100, and 0 for
   * none. Default: "2m". https://ably.com/docs/channels/options/rewind
   */
  history?: string | number;
  /** False: what is sent is published once, or refused. Default: true. */
  outbox?: boolean;
  /**
   * What goes out with each message, beside its data: `extras.headers` of Ably. It is read when the
   * message is sent, and counts towards Ably's limit of 64 KiB.
   */
  headers?: () => Record<string, string>;
} & (
  | {
      /** `enter`, the default: this page is in the list of members, with its profile. */
      presence?: "enter";
      /** Everyone in the room can read it. Pick its fields one by one. */
      profile: Profile<C>;
    }
  | {
      /** `watch`: this page sees the members, and is not one. `none`: it does not see them either. */
      presence: "watch" | "none";
      profile?: never;
    }
);

export type Room<C extends Contract> = {
  /** The SDK's own channel, for what a room does not do: older history, reactions, edits, appends. */
  readonly channel: RealtimeChannel;
  /**
   * Publishes a message as soon as it can, after those before it, also after the room was closed, or
   * after a reload when the room is opened again. With `outbox: false`, as `publish`. Resolves when
   * Ably has acknowledged it. Rejects with an ErrorInfo if Ably refuses it, or if nobody knows whether
   * Ably has it, and with a TypeError if the data cannot be sent as JSON, such as an ArrayBuffer.
   * @param id Identifies the message when it comes back. Ably drops repeats of it for two minutes, also
   *   of another sender: choose one that nobody can guess. Default: a random one.
   */
  send<Name extends MessageName<C>>(name: Name, data: Data<C, Name>, id?: string): Promise<void>;
  /**
   * Publishes a message only if there is a connection, for what would be wrong a moment later. If the
   * connection is lost before Ably answers, the SDK sends the message again when it is back. Rejects
   * with an ErrorInfo if there is no connection or Ably refuses it.
   * @param isEphemeral It reaches those who are here, and is not in the history.
   *   https://ably.com/docs/pub-sub/advanced#ephemeral
   */
  publish<Name extends MessageName<C>>(
    name: Name,
    data: Data<C, Name>,
    isEphemeral?: boolean,
  ): Promise<void>;
  /** Sends a message again that has failed or is unconfirmed. Does nothing for any other. */
  retry(id: string): void;
  /** Forgets a message that has failed or is unconfirmed. Does nothing for any other. */
  discard(id: string): void;
  /** Changes some fields of the profile, and keeps the others. */
  setProfile(change: Partial<Profile<C>>): void;
  /** Attaches a channel again that has failed. */
  reopen(): void;
  /** Leaves the room. It reports nothing more, and what is unsent is still sent. */
  close(): void;
};

/** What the open rooms of each channel share. */
const openRooms = new WeakMap<RealtimeChannel, Shared>();

type Shared = {
  /** `presence` of each open room. */
  modes: PresenceMode[];
  /** What the first one asked for. */
  history: string | number;
  /** What this page shows in the channel. The last call decides. */
  profile?: unknown;
};

/** Sends the messages of one open room. */
type Sender<C extends Contract> = Pick<Room<C>, "send" | "retry" | "discard" | "close">;

type Publish<C extends Contract> = <Name extends MessageName<C>>(
  name: Name,
  data: Data<C, Name>,
  isEphemeral?: boolean,
  id?: string,
) => Promise<void>;

/**
 * Opens a room. It may be closed and opened again at any time: the last call decides. If the room is
 * open already, the new one shares its channel and its `history`, and gets only the messages from
 * then on, or also the history if the channel is not attached yet.
 */
export function openRoom<C extends Contract>(
  connection: Connection,
  contract: C,
  name: string,
  options: RoomOptions<C>,
  appEvents: RoomEvents<C> = {},
): Room<C> {
  const events = guarded(appEvents);
  const { channel, presence, isFirst, shared, leave } = joinChannel(connection, name, options);
  let attachment: Attachment<C> | undefined;
  let isOpen = true;
  const readProfile = () => (presence === "enter" ? (shared.profile as Profile<C>) : undefined);

  const publish = createPublish<C>(connection, channel, options.headers);
  let sender = withoutOutbox(publish);
  const outbox = outboxOf(connection, channel, contract); // delete with outbox.ts
  if (options.outbox !== false) sender = outbox.open(events, options.headers); // delete with outbox.ts

  void whenDetached(channel, isFirst).then(() => {
    if (!isOpen) return;
    const settings = { presence, readProfile, history: shared.history };
    attachment = new Attachment(connection, channel, contract, events, settings);
  });

  return {
    channel,
    send: sender.send,
    publish,
    retry: sender.retry,
    discard: sender.discard,
    setProfile(change) {
      const profile = readProfile();
      if (!isOpen || profile === undefined) return;
      shared.profile = { ...profile, ...change };
      attachment?.presence?.update();
    },
    reopen: () => void (isOpen && attachment?.attach()),
    close() {
      if (!isOpen) return;
      isOpen = false;
      const others = leave();
      attachment?.close();
      sender.close();
      if (others.length === 0) {
        outbox.setGate({ type: "left" }); // delete with outbox.ts
        detach(channel);
      } else if (!others.includes("enter")) attachment?.presence?.leave();
    },
  };
}

/** No error of the app stops the room. */
function guarded<C extends Contract>(events: RoomEvents<C>): RoomEvents<C> {
  return {
    message: (message) => callAndReport(() => events.message?.(message)),
    members: (members) => callAndReport(() => events.members?.(members)),
    status: (status) => callAndReport(() => events.status?.(status)),
    unsent: (unsent) => callAndReport(() => events.unsent?.(unsent)), // delete with outbox.ts
  };
}

function withoutOutbox<C extends Contract>(publish: Publish<C>): Sender<C> {
  const send: Sender<C>["send"] = (name, data, id) => publish(name, data, false, id);
  return { send, retry() {}, discard() {}, close() {} };
}

function createPublish<C extends Contract>(
  { client }: Connection,
  channel: RealtimeChannel,
  readHeaders: RoomOptions<C>["headers"],
): Publish<C> {
  return async (name, data, isEphemeral = false, id = randomId()) => {
    const isConnected = client.connection.state === "connected";
    if (!isConnected) throw { code: 80_003, statusCode: 400, message: "No connection." };
    const headers = readHeaders?.();
    const extras = isEphemeral || headers ? { headers, ephemeral: isEphemeral } : undefined;
    await channel.publish({ id, name, data, extras });
  };
}

/** Counts an open room of its channel. `leave` returns `presence` of each other one that is still open. */
function joinChannel(
  { client }: Connection,
  name: string,
  { presence = "enter", history = "2m", profile }: RoomOptions<Contract>,
) {
  const channel = client.channels.get(channelName(name));
  const shared = openRooms.get(channel) ?? share(channel);
  const { modes } = shared;
  const isFirst = modes.push(presence) === 1;
  if (profile !== undefined) shared.profile = profile;
  if (isFirst) {
    shared.history = history;
    const params: Record<string, string> = history === 0 ? {} : { rewind: String(history) };
    // Rejects if the channel cannot be attached with them. Its next state reports that.
    channel.setOptions({ params, attachOnSubscribe: false }).catch(() => {});
  }
  const leave = () => {
    modes.splice(modes.indexOf(presence), 1);
    return modes;
  };
  return { channel, presence, isFirst, shared, leave };
}

function share(channel: RealtimeChannel): Shared {
  const shared: Shared = { modes: [], history: 0 };
  openRooms.set(channel, shared);
  // If nothing answers for 10 s, the SDK stops detaching the channel: it is attached again.
  channel.on(["attached", "suspended"], () => {
    if (shared.modes.length === 0) detach(channel);
  });
  return shared;
}

/** Detaching a failed channel rejects, and there is nothing to do about it. */
function detach(channel: RealtimeChannel): void {
  channel.detach().catch(() => {});
}

/** An attached channel brings no history, so the first room of a channel waits until it is detached. */
async function whenDetached(channel: RealtimeChannel, isFirst: boolean): Promise<void> {
  while (channel.state === "detaching" || (isFirst && channel.state === "attached")) {
    const changed = new Promise<void>((resolve) => channel.once(() => resolve()));
    // Without a connection, the channel's state changes at once.
    if (channel.state === "attached") detach(channel);
    await changed;
  }
}
