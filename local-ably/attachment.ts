/** One connection on one channel: what it may do there, and what it receives. */
import type { Identity } from "./auth.ts";
import { type Capability, permissionsOn } from "./capability.ts";
import type { Append, Channel, Subscriber } from "./channel.ts";
import { AblyError, assert } from "./error.ts";
import { Action, type ClientFrame, type Entry, Flag, type ServerFrame } from "./protocol.ts";
import type { Transport } from "./transport.ts";

/** Mode, its name in `params.modes`, and the operation that the capability must allow. */
const MODES = [
  [Flag.PUBLISH, "publish", "publish"],
  [Flag.SUBSCRIBE, "subscribe", "subscribe"],
  [Flag.PRESENCE, "presence", "presence"],
  [Flag.PRESENCE_SUBSCRIBE, "presence_subscribe", "subscribe"],
  [Flag.ANNOTATION_PUBLISH, "annotation_publish", "annotation-publish"],
  [Flag.ANNOTATION_SUBSCRIBE, "annotation_subscribe", "annotation-subscribe"],
] as const;
const OBJECT_MODES = Flag.OBJECT_SUBSCRIBE | Flag.OBJECT_PUBLISH;
const DEFAULT_MODES = MODES.filter(([mode]) => mode !== Flag.ANNOTATION_SUBSCRIBE);
type Mode = (typeof MODES)[number];
type Receiver = {
  readonly id: string;
  readonly identity: Identity;
  readonly transport: Transport | undefined;
  readonly attachments: Map<string, Attachment>;
};

const SYNC_PAGE_SIZE = 100;
const MAX_REWIND_MESSAGES = 100;

export function handleAttach(connection: Receiver, frame: ClientFrame): void {
  const { identity, attachments } = connection;
  const channel = identity.app.channel(frame.channel, identity);
  const known = attachments.get(channel.name);
  const { maxChannelsPerConnection: max } = channel.app.settings;
  const hasRoom = known || attachments.size < max;
  assert(hasRoom, 90010, `A connection may attach to at most ${max} channels.`);
  const attachment = known ?? new Attachment(channel, connection);
  attachments.set(channel.name, attachment);
  attachment.attach(frame, identity.capability);
}

export function detach(connection: Receiver, frame: ServerFrame & { channel: string }): void {
  const { id, attachments, transport } = connection;
  const channel = attachments.get(frame.channel)?.channel;
  attachments.delete(frame.channel);
  channel?.subscribers.delete(id);
  channel?.leaveAll(id);
  transport?.send(frame);
}

export class Attachment implements Subscriber {
  readonly channel: Channel;
  modes = 0;
  readonly #connection: Receiver;
  #requested: readonly Mode[] = [];
  #isAppendModeFull = false;
  #receivedSince = "";

  constructor(channel: Channel, connection: Receiver) {
    this.channel = channel;
    this.#connection = connection;
  }

  attach(frame: ClientFrame, capability: Capability): void {
    const { channel } = this;
    this.#requested = readModes(frame);
    this.authorize(capability);
    const { entries, resumed, error } = this.#backlogFor(frame);
    this.#isAppendModeFull = frame.params.appendMode === "full";
    const hasPresence = channel.members.size > 0 && Boolean(this.modes & Flag.PRESENCE_SUBSCRIBE);
    this.#connection.transport?.send({
      action: Action.ATTACHED,
      channel: channel.name,
      channelSerial: channel.serial,
      flags:
        this.modes |
        (resumed ? Flag.RESUMED : 0) |
        (entries.length > 0 ? Flag.HAS_BACKLOG : 0) |
        (hasPresence ? Flag.HAS_PRESENCE : 0),
      params: frame.params,
      error,
    });
    for (const entry of entries) this.receive(entry);
    if (hasPresence) this.sync();
    channel.subscribers.set(this.#connection.id, this);
  }

  /** Grants the requested modes that the capability allows. Throws 40160 if there are none. */
  authorize(capability: Capability): void {
    const { name } = this.channel;
    const isAllowed = permissionsOn(capability, name);
    const granted = this.#requested.filter(([, , operation]) => isAllowed(operation));
    this.modes = granted.reduce((modes, [mode]) => modes | mode, 0);
    assert(this.#requested.length > 0, 40160, "Local Ably has no objects, and no modes for them.");
    assert(this.modes, 40160, `The capability allows no mode on ${JSON.stringify(name)}.`);
  }

  requireMode(mode: keyof typeof Flag, code: number): void {
    assert(this.modes & Flag[mode], code, `The channel is attached without the mode ${mode}.`);
  }

  receive(entry: Entry, append?: Append): void {
    const isOwn = entry.messages && entry.connectionId === this.#connection.id;
    if ((isOwn && !this.#connection.transport?.echo) || !(this.modes & modeOf(entry))) return;
    const hasPrevious = append && append.previousSerial > this.#receivedSince;
    this.#connection.transport?.send(hasPrevious && !this.#isAppendModeFull ? append.entry : entry);
  }

  sync(): void {
    if (!(this.modes & Flag.PRESENCE_SUBSCRIBE)) return;
    const { name: channel, members, serial } = this.channel;
    // Clients read the cursor after the colon only if all before it are word characters.
    const syncId = serial.replace("@", "-");
    const all = [...members.values()];
    for (let start = 0; start === 0 || start < all.length; start += SYNC_PAGE_SIZE) {
      const end = start + SYNC_PAGE_SIZE;
      const presence = all.slice(start, end);
      const channelSerial = `${syncId}:${end < all.length ? end : ""}`;
      this.#connection.transport?.send({ action: Action.SYNC, channel, channelSerial, presence });
    }
  }

  #backlogFor({ channelSerial, flags, params }: ClientFrame) {
    const { channel } = this;
    if (channel.subscribers.has(this.#connection.id)) return { entries: [], resumed: true };
    const missed = channelSerial && channel.since(channelSerial);
    this.#receivedSince = missed ? channelSerial : channel.serial;
    if (missed) return { entries: missed, resumed: true };
    if (channelSerial === undefined)
      return { entries: flags & Flag.ATTACH_RESUME ? [] : this.#rewind(params) };
    const error = new AblyError(90003, "Some missed messages are no longer kept.", 404);
    return { entries: channel.recent(), error };
  }

  /** https://ably.com/docs/channels/options/rewind: a count, or a time in s or m. */
  #rewind({ rewind = "", rewindLimit }: ClientFrame["params"]): Entry[] {
    const [, amount, unit] = /^(\d+)([sm]?)$/.exec(rewind) ?? [];
    const found: Entry[] = [];
    if (amount === undefined || !(this.modes & Flag.SUBSCRIBE)) return found;
    const since = unit ? Date.now() - Number(amount) * (unit === "m" ? 60_000 : 1_000) : 0;
    const limit = unit ? Number(rewindLimit) || Infinity : Number(amount);
    let left = Math.min(limit, MAX_REWIND_MESSAGES);
    // A later resume continues from here, and not from the time of the old entries.
    const { serial: channelSerial } = this.channel;
    for (const { messages = [], ...entry } of this.channel.created().toReversed()) {
      if (entry.timestamp < since || left <= 0) continue;
      const latest = messages.slice(-left).map((message) => this.channel.latestOf(message));
      found.unshift({ ...entry, channelSerial, messages: latest });
      left -= messages.length;
    }
    return found;
  }
}

function modeOf({ action }: Entry): number {
  if (action === Action.PRESENCE) return Flag.PRESENCE_SUBSCRIBE;
  return action === Action.ANNOTATION ? Flag.ANNOTATION_SUBSCRIBE : Flag.SUBSCRIBE;
}

/** `params.modes` overrides the flags. Without either, a client gets the default modes. */
function readModes({ flags, params }: ClientFrame): readonly Mode[] {
  const names = params.modes?.toLowerCase().split(",") ?? [];
  const named = MODES.filter(([, name]) => names.includes(name));
  if (named.length > 0) return named;
  const requested = MODES.filter(([mode]) => flags & mode);
  return requested.length > 0 || flags & OBJECT_MODES ? requested : DEFAULT_MODES;
}
