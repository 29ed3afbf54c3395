import type { Identity } from "./auth.ts";
import { permits } from "./capability.ts";
import type { Channel, Entry, Subscriber } from "./channel.ts";
import { AblyError } from "./error.ts";
import { Action, type AttachFrame, Flag, type Message, type ServerFrame } from "./protocol.ts";

const MODE_OPERATIONS = [
  [Flag.PUBLISH, "publish"],
  [Flag.SUBSCRIBE, "subscribe"],
  [Flag.PRESENCE, "presence"],
  [Flag.PRESENCE_SUBSCRIBE, "subscribe"],
] as const;

const MODE_NAMES: Record<string, number> = {
  publish: Flag.PUBLISH,
  subscribe: Flag.SUBSCRIBE,
  presence: Flag.PRESENCE,
  presence_subscribe: Flag.PRESENCE_SUBSCRIBE,
};

const ALL_MODES = Flag.PUBLISH | Flag.SUBSCRIBE | Flag.PRESENCE | Flag.PRESENCE_SUBSCRIBE;

/** The channel params that are known, and so are echoed. `delta` is: plain messages are legal too. */
const KNOWN_PARAMS = ["rewind", "rewindLimit", "modes", "delta"];

/** What is sent right after ATTACHED, and whether nothing is missing before it. */
type Backlog = { entries: Entry[]; resumed: boolean; error?: AblyError };
const NOTHING: Backlog = { entries: [], resumed: false };

const SYNC_PAGE_SIZE = 100;
const MAX_REWIND_MESSAGES = 100;

/** What an attachment needs of the connection that it belongs to. */
type Owner = {
  readonly id: string;
  readonly identity: Identity;
  readonly echo: boolean;
  send(frame: ServerFrame): void;
};

/** One connection's place on one channel: what it may do there, and what it has been told. */
export class Attachment implements Subscriber {
  readonly channel: Channel;
  modes = 0;
  #connection: Owner;
  #asked = 0;
  #params: Record<string, string> = {};

  constructor(connection: Owner, channel: Channel) {
    this.#connection = connection;
    this.channel = channel;
  }

  /** Answers an ATTACH, the first or any later one. Throws 40160 if nothing is allowed there. */
  attach(frame: AttachFrame): void {
    this.#params = Object.fromEntries(
      Object.entries(frame.params).filter(([name]) => KNOWN_PARAMS.includes(name)),
    );
    this.#asked = readModes(frame);
    this.modes = this.#grant();

    this.#announce(this.#backlogFor(frame));
    this.channel.subscribers.add(this);
  }

  /** After a new token: the same attachment, with what is allowed now. Throws 40160 if nothing is. */
  reauthorize(): void {
    const before = this.modes;
    this.modes = this.#grant();
    if (this.modes !== before) this.#announce({ entries: [], resumed: true });
  }

  detach(): void {
    this.channel.subscribers.delete(this);
  }

  receive(entry: Entry): void {
    const { id, serial: channelSerial, timestamp, connectionId } = entry;
    const common = { channel: this.channel.name, channelSerial, id, timestamp };
    if (entry.presence) {
      if (!(this.modes & Flag.PRESENCE_SUBSCRIBE)) return;
      this.#connection.send({ action: Action.PRESENCE, ...common, presence: entry.presence });
      return;
    }
    if (!(this.modes & Flag.SUBSCRIBE)) return;
    if (connectionId === this.#connection.id && !this.#connection.echo) return;
    this.#connection.send({ action: Action.MESSAGE, ...common, messages: entry.messages });
  }

  /** Sends the members again: after ATTACHED, and when a client asks for them with SYNC. */
  sync(): void {
    const members = this.channel.members.list();
    const { serial } = this.channel;
    const syncId = serial.replace("@", "-");
    for (let from = 0; from === 0 || from < members.length; from += SYNC_PAGE_SIZE) {
      const next = from + SYNC_PAGE_SIZE;
      this.#connection.send({
        action: Action.SYNC,
        channel: this.channel.name,
        channelSerial: `${syncId}:${next < members.length ? next : ""}`,
        presence: members.slice(from, next),
      });
    }
  }

  #announce({ entries, resumed, error }: Backlog): void {
    const { channel } = this;
    const hasPresence = channel.members.size > 0 && Boolean(this.modes & Flag.PRESENCE_SUBSCRIBE);
    this.#connection.send({
      action: Action.ATTACHED,
      channel: channel.name,
      channelSerial: channel.serial,
      flags:
        this.modes |
        (resumed ? Flag.RESUMED : 0) |
        (entries.length > 0 ? Flag.HAS_BACKLOG : 0) |
        (hasPresence ? Flag.HAS_PRESENCE : 0),
      params: this.#params,
      ...(error && { error: error.toJSON() }),
    });
    for (const entry of entries) this.receive(entry);
    if (hasPresence) this.sync();
  }

  #grant(): number {
    const { capability } = this.#connection.identity;
    let modes = 0;
    for (const [mode, operation] of MODE_OPERATIONS) {
      if (this.#asked & mode && permits(capability, this.channel.name, operation)) modes |= mode;
    }
    if (modes === 0) throw denied(this.channel.name);
    return modes;
  }

  #backlogFor({ channelSerial, flags }: AttachFrame): Backlog {
    // Attached already: whatever its own serial lacks is on its way to it.
    if (this.channel.subscribers.has(this)) return { entries: [], resumed: true };
    if (channelSerial !== undefined) return this.#missedSince(channelSerial);
    return flags & Flag.ATTACH_RESUME ? NOTHING : this.#rewound();
  }

  #missedSince(channelSerial: string): Backlog {
    const entries = this.channel.since(channelSerial);
    if (entries) return { entries, resumed: true };
    const error = new AblyError(90003, 404, "Messages that were missed here are no longer kept.");
    return { entries: [...this.channel.entries()], resumed: false, error };
  }

  /** https://ably.com/docs/channels/options/rewind: a count, or a time in s or m. */
  #rewound(): Backlog {
    const [, amount, unit] = /^(\d+)([sm]?)$/.exec(this.#params.rewind ?? "") ?? [];
    if (amount === undefined || !(this.modes & Flag.SUBSCRIBE)) return NOTHING;
    const since = unit ? Date.now() - Number(amount) * (unit === "m" ? 60_000 : 1_000) : 0;
    const kept = this.channel.entries();
    const entries = kept.filter(({ messages, timestamp }) => messages && timestamp >= since);
    const asked = Number(unit ? this.#params.rewindLimit : amount) || MAX_REWIND_MESSAGES;
    return lastMessages(entries, Math.min(asked, MAX_REWIND_MESSAGES));
  }
}

/** The last so many messages, of which the oldest frame may give only its end. */
function lastMessages(entries: Entry[], limit: number): Backlog {
  let left = limit;
  const found: Entry[] = [];
  for (const entry of entries.toReversed()) {
    if (left <= 0 || !entry.messages) break;
    const messages: Message[] = entry.messages.slice(-left);
    found.unshift({ ...entry, messages });
    left -= messages.length;
  }
  return { entries: found, resumed: false };
}

/** `params.modes` beats the flags, and neither means all. */
function readModes({ flags, params }: AttachFrame): number {
  const named = params.modes?.split(",").map((name) => MODE_NAMES[name.trim().toLowerCase()] ?? 0);
  const asked = named ? named.reduce((all, mode) => all | mode, 0) : flags & ALL_MODES;
  return asked || ALL_MODES;
}

function denied(channel: string): AblyError {
  return new AblyError(
    40160,
    401,
    `The token's capability allows nothing on channel ${JSON.stringify(channel)}.`,
  );
}
