import { type Capability, permits } from "./capability.ts";
import type { Channel, Subscriber } from "./channel.ts";
import { AblyError, check } from "./error.ts";
import { Action, type ClientFrame, type Entry, Flag } from "./protocol.ts";
import type { Transport } from "./transport.ts";

/** Mode, its name in `params.modes`, and the operation that the capability must have for it. */
const MODES = [
  [Flag.PUBLISH, "publish", "publish"],
  [Flag.SUBSCRIBE, "subscribe", "subscribe"],
  [Flag.PRESENCE, "presence", "presence"],
  [Flag.PRESENCE_SUBSCRIBE, "presence_subscribe", "subscribe"],
] as const;

type Mode = (typeof MODES)[number];

/** The channel params that are known, and so are echoed. `delta` is: whole messages are legal too. */
const KNOWN_PARAMS = ["rewind", "rewindLimit", "modes", "delta"];

const SYNC_PAGE_SIZE = 100;
const MAX_REWIND_MESSAGES = 100;

/** What is sent right after ATTACHED, and whether nothing is missing before it. */
type Backlog = { entries: readonly Entry[]; resumed?: boolean; error?: AblyError };

/** One connection's place on one channel: what it may do there, and what it has been told. */
export class Attachment implements Subscriber {
  readonly channel: Channel;
  modes = 0;
  readonly #connectionId: string;
  readonly #transport: Transport;
  #asked: readonly Mode[] = [];

  constructor(channel: Channel, connectionId: string, transport: Transport) {
    this.channel = channel;
    this.#connectionId = connectionId;
    this.#transport = transport;
  }

  /** Answers an ATTACH, the first or any later one. Throws 40160 if nothing is allowed there. */
  attach(frame: ClientFrame, capability: Capability): void {
    this.#asked = readModes(frame);
    this.authorize(capability);
    const { channel } = this;
    const { entries, resumed, error } = this.#backlogFor(frame);
    const hasPresence = channel.members.size > 0 && Boolean(this.modes & Flag.PRESENCE_SUBSCRIBE);
    const known = Object.entries(frame.params).filter(([name]) => KNOWN_PARAMS.includes(name));
    this.#transport.send({
      action: Action.ATTACHED,
      channel: channel.name,
      channelSerial: channel.serial,
      flags:
        this.modes |
        (resumed ? Flag.RESUMED : 0) |
        (entries.length > 0 ? Flag.HAS_BACKLOG : 0) |
        (hasPresence ? Flag.HAS_PRESENCE : 0),
      params: Object.fromEntries(known),
      error,
    });
    for (const entry of entries) this.receive(entry);
    if (hasPresence) this.sync();
    channel.subscribers.set(this.#connectionId, this);
  }

  /** Grants of the modes asked for what the capability allows now. Throws 40160 if that is none. */
  authorize(capability: Capability): void {
    const { name } = this.channel;
    const granted = this.#asked.filter(([, , operation]) => permits(capability, name, operation));
    this.modes = granted.reduce((modes, [mode]) => modes | mode, 0);
    check(this.modes, 40160, `The capability allows nothing on ${JSON.stringify(name)}.`);
  }

  receive(entry: Entry): void {
    const isOwn = entry.messages && entry.connectionId === this.#connectionId;
    const mode = entry.presence ? Flag.PRESENCE_SUBSCRIBE : Flag.SUBSCRIBE;
    if (isOwn && !this.#transport.echo) return;
    if (this.modes & mode) this.#transport.send(entry);
  }

  /** Sends the members: after ATTACHED, and when a client asks for them with SYNC. */
  sync(): void {
    if (!(this.modes & Flag.PRESENCE_SUBSCRIBE)) return;
    const members = this.channel.members.list();
    // Clients read the cursor after the colon only if all before it are word characters.
    const syncId = this.channel.serial.replace("@", "-");
    for (let from = 0; from === 0 || from < members.length; from += SYNC_PAGE_SIZE) {
      const next = from + SYNC_PAGE_SIZE;
      this.#transport.send({
        action: Action.SYNC,
        channel: this.channel.name,
        channelSerial: `${syncId}:${next < members.length ? next : ""}`,
        presence: members.slice(from, next),
      });
    }
  }

  #backlogFor({ channelSerial, flags, params }: ClientFrame): Backlog {
    // Attached already: whatever its own serial lacks is on its way to it.
    if (this.channel.subscribers.has(this.#connectionId)) return { entries: [], resumed: true };
    if (channelSerial === undefined) {
      return { entries: flags & Flag.ATTACH_RESUME ? [] : this.#rewound(params) };
    }
    const missed = this.channel.since(channelSerial);
    if (missed) return { entries: missed, resumed: true };
    const sentence = "Messages that were missed here are no longer kept.";
    return { entries: this.channel.entries(), error: new AblyError(90003, sentence, 404) };
  }

  /** https://ably.com/docs/channels/options/rewind: a count, or a time in s or m. */
  #rewound({ rewind = "", rewindLimit }: ClientFrame["params"]): Entry[] {
    const [, amount, unit] = /^(\d+)([sm]?)$/.exec(rewind) ?? [];
    const found: Entry[] = [];
    if (amount === undefined || !(this.modes & Flag.SUBSCRIBE)) return found;
    const since = unit ? Date.now() - Number(amount) * (unit === "m" ? 60_000 : 1_000) : 0;
    const limit = unit ? Number(rewindLimit) || Infinity : Number(amount);
    let left = Math.min(limit, MAX_REWIND_MESSAGES);
    for (const entry of this.channel.entries().toReversed()) {
      if (!entry.messages || entry.timestamp < since || left <= 0) continue;
      found.unshift({ ...entry, messages: entry.messages.slice(-left) });
      left -= entry.messages.length;
    }
    return found;
  }
}

/** `params.modes` beats the flags, and neither means all. */
function readModes({ flags, params }: ClientFrame): readonly Mode[] {
  const names = params.modes?.toLowerCase().split(",") ?? [];
  const named = MODES.filter(([, name]) => names.includes(name));
  if (named.length > 0) return named;
  // Modes of what is left out (objects, annotations) are asked for in vain.
  return flags < Flag.PRESENCE ? MODES : MODES.filter(([mode]) => flags & mode);
}
