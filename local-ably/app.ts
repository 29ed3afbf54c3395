import { randomUUID } from "node:crypto";
import { Channel } from "./channel.ts";
import { AblyError } from "./error.ts";
import type { Settings } from "./settings.ts";

const VALID_NAME = /^[^:,\s[][^\n\v\f\r\u0085\u2028\u2029]*$/;
const MAX_NAME_LENGTH = 2_048;

/** One Ably app. Its keys give access to its channels only. */
export class App {
  /** Part of each connection key, so that keys of an earlier start are recognized. */
  readonly epoch = randomUUID();
  readonly settings: Settings;
  readonly channels = new Map<string, Channel>();
  readonly memory = { kept: 0, present: 0 };

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** Returns the channel, and creates it if it is new. Throws 40010, 40114 or 40160. */
  channel(name: string): Channel {
    const known = this.channels.get(name);
    if (known) return known;
    if (/^\[(meta|queue)\]/.test(name))
      throw new AblyError(40160, "Local Ably has no metachannels and no queues.");
    if (name.length > MAX_NAME_LENGTH || !VALID_NAME.test(name))
      throw new AblyError(40010, `Invalid channel name ${JSON.stringify(name.slice(0, 99))}.`);
    const { maxChannels } = this.settings;
    if (this.channels.size >= maxChannels) this.dropExpired();
    if (this.channels.size >= maxChannels)
      throw new AblyError(40114, `Local Ably keeps at most ${maxChannels} channels.`, 403);
    const channel = new Channel(name, this);
    this.channels.set(name, channel);
    return channel;
  }

  dropExpired(): void {
    for (const [name, channel] of this.channels) {
      channel.dropExpired();
      if (channel.isUnused) this.channels.delete(name);
    }
  }
}
