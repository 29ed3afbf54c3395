import { randomUUID } from "node:crypto";
import { Budget } from "./budget.ts";
import { Channel } from "./channel.ts";
import { assert } from "./error.ts";
import type { Settings } from "./settings.ts";

const VALID_NAME = /^[^:,\s[][^\n\v\f\r\u0085\u2028\u2029]*$/;
const MAX_NAME_LENGTH = 2_048;

/** One Ably app. Its keys give access to its channels only. */
export class App {
  /** Changes at each start, so that a connection key from an earlier start is recognized. */
  readonly epoch = randomUUID();
  readonly settings: Settings;
  readonly channels = new Map<string, Channel>();
  /** The memory for kept messages. */
  readonly kept: Budget;
  /** The memory for present members. */
  readonly present: Budget;

  constructor(settings: Settings) {
    this.settings = settings;
    this.kept = new Budget(settings.maxBytesKept);
    this.present = new Budget(settings.maxBytesPresent);
  }

  /** Returns the channel, and creates it if it is new. Throws 40010, 40114 or 40160. */
  channel(name: string): Channel {
    const known = this.channels.get(name);
    if (known) return known;
    assert(
      !/^\[(meta|queue)\]/.test(name),
      40160,
      "Local Ably has no metachannels and no queues. See local-ably/README.md.",
    );
    assert(
      name.length <= MAX_NAME_LENGTH && VALID_NAME.test(name),
      40010,
      `Invalid channel name ${JSON.stringify(name.slice(0, 100))}. It must not be empty, start with ":", "[", "," or a space, contain line breaks, or exceed ${MAX_NAME_LENGTH} characters.`,
    );
    const { maxChannels } = this.settings;
    if (this.channels.size >= maxChannels) this.dropExpired();
    assert(
      this.channels.size < maxChannels,
      40114,
      `Local Ably keeps at most ${maxChannels} channels of an app. Wait until idle ones expire.`,
      403,
    );
    const channel = new Channel(name, this);
    this.channels.set(name, channel);
    return channel;
  }

  /** Drops expired messages, and the channels that are then unused. */
  dropExpired(): void {
    for (const [name, channel] of this.channels) {
      channel.dropExpired();
      if (channel.isUnused) this.channels.delete(name);
    }
  }
}
