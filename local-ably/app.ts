import { randomUUID } from "node:crypto";
import { Channel } from "./channel.ts";
import { check } from "./error.ts";
import type { Settings } from "./settings.ts";

const VALID_NAME = /^[^:,\s[][^\n\v\f\r\u0085\u2028\u2029]*$/;
const MAX_NAME_LENGTH = 2_048;

/** One of Ably's apps: its keys see its channels and no others. */
export class App {
  /** Tells its connections from those before a restart. */
  readonly epoch = randomUUID();
  readonly settings: Settings;
  readonly channels = new Map<string, Channel>();
  /** What all its channels keep together. */
  bytesKept = 0;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** The channel of that name, which exists from when it is first named. Throws 40010 or 40160. */
  channel(name: string): Channel {
    const known = this.channels.get(name);
    if (known) return known;
    // What a client without `[meta]*` in its capability gets at Ably; here everyone gets it.
    const isMeta = /^\[(meta|queue)\]/.test(name);
    check(!isMeta, 40160, "Local Ably has no metachannels and no queues.");
    // Filtered and derived channels ([filter=…]name, [?rewind=1]name) are among the refused.
    const isValid = name.length <= MAX_NAME_LENGTH && VALID_NAME.test(name);
    check(isValid, 40010, `The channel name ${JSON.stringify(name)} is not valid here.`);
    const { maxChannels } = this.settings;
    if (this.channels.size >= maxChannels) this.sweep();
    const hasRoom = this.channels.size < maxChannels;
    check(hasRoom, 40114, `Local Ably keeps ${maxChannels} channels of an app at the most.`, 403);
    const channel = new Channel(name, this);
    this.channels.set(name, channel);
    return channel;
  }

  /** Drops what is too old everywhere, and the channels that have nothing left. */
  sweep(): void {
    for (const [name, channel] of this.channels) if (channel.isIdle()) this.channels.delete(name);
  }
}
