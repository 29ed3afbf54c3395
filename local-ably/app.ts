/** One Ably app. Its keys give access to its channels only. */
import { randomUUID } from "node:crypto";
import { Channel } from "./channel.ts";
import { assert } from "./error.ts";
import type { Settings } from "./settings.ts";

/** At most 2,048 characters. */
const VALID_NAME = /^[^:,\s[][^\n\v\f\r\u0085\u2028\u2029]{0,2047}$/;

export function checkName(name: string): void {
  assert(!/^\[(meta|queue)\]/.test(name), 40160, "Local Ably has no metachannels or queues.");
  assert(VALID_NAME.test(name), 40010, `The channel name "${name.slice(0, 99)}" is not valid.`);
}

type Client = { keyName: string; clientId: string | undefined };

export class App {
  /** Part of each connection key, so that keys of an earlier start are recognized. */
  readonly epoch = randomUUID();
  readonly settings: Settings;
  readonly channels = new Map<string, Channel>();
  readonly #created = new Map<string, Set<Channel>>();
  readonly memory = { kept: 0, present: 0 };

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /**
   * Returns the channel, and creates it if it is new. Throws 40010, 40114 or 40160.
   * @param client Has a limited share of the channels that nobody is in.
   */
  channel(name: string, { keyName, clientId }: Client): Channel {
    const known = this.channels.get(name);
    if (known) return known;
    checkName(name);
    const { maxChannels: max, maxIdleChannelsPerClient } = this.settings;
    const creator = JSON.stringify([keyName, clientId]);
    const own = this.#created.get(creator) ?? new Set();
    if (own.size >= maxIdleChannelsPerClient) this.#dropIdle(own);
    if (this.channels.size >= max) this.#dropIdle(this.channels.values());
    assert(this.channels.size < max, 40114, `Local Ably keeps at most ${max} channels.`, 403);
    const channel = new Channel(name, this, creator);
    this.channels.set(name, channel);
    this.#created.set(creator, own.add(channel));
    return channel;
  }

  /** Forgets what is expired, and then the oldest of the channels that keep most. */
  makeRoom(): void {
    const { memory, settings } = this;
    const channels = [...this.channels.values()];
    for (const channel of channels) channel.dropExpired();
    if (memory.kept <= settings.maxBytesKept) return;
    for (const channel of channels.toSorted((one, other) => other.bytesKept - one.bytesKept)) {
      while (memory.kept > settings.maxBytesKept && channel.bytesKept > 0) channel.forgetOldest();
    }
  }

  /** Drops the oldest channel that nobody is in, with its messages. */
  #dropIdle(channels: Iterable<Channel>): void {
    for (const channel of channels) if (channel.isIdle) return this.#drop(channel);
  }

  #drop(channel: Channel): void {
    const own = this.#created.get(channel.creator);
    own?.delete(channel);
    if (own?.size === 0) this.#created.delete(channel.creator);
    this.channels.delete(channel.name);
    channel.forgetAll();
  }
}
