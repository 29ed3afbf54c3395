import { randomUUID } from "node:crypto";
import { Channel } from "./channel.ts";
import { assert } from "./error.ts";
import type { Settings } from "./settings.ts";

/** At most 2,048 characters. */
const VALID_NAME = /^[^:,\s[][^\n\v\f\r\u0085\u2028\u2029]{0,2047}$/;

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
    assert(!/^\[(meta|queue)\]/.test(name), 40160, "Local Ably has no metachannels or queues.");
    assert(VALID_NAME.test(name), 40010, `The channel name "${name.slice(0, 99)}" is not valid.`);
    const { maxChannels: max } = this.settings;
    if (this.channels.size >= max) this.dropExpired();
    assert(this.channels.size < max, 40114, `Local Ably keeps at most ${max} channels.`, 403);
    const channel = new Channel(name, this);
    this.channels.set(name, channel);
    return channel;
  }

  dropExpired(): void {
    for (const [name, channel] of this.channels) {
      if (channel.dropExpired()) this.channels.delete(name);
    }
  }
}
