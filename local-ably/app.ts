import { Channel } from "./channel.ts";
import { AblyError } from "./error.ts";
import type { Settings } from "./settings.ts";

/** One of Ably's apps: its keys see its channels and no others. */
export class App {
  readonly settings: Settings;
  readonly channels = new Map<string, Channel>();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** The channel of that name, which exists from when it is first named. Throws 40010 or 40160. */
  channel(name: string): Channel {
    const known = this.channels.get(name);
    if (known) return known;
    checkName(name);
    const channel = new Channel(name, this.settings);
    this.channels.set(name, channel);
    return channel;
  }
}

function checkName(name: string): void {
  // What a client without `[meta]*` in its capability gets at Ably; here everyone gets it.
  if (/^\[(meta|queue)\]/.test(name)) {
    throw new AblyError(40160, 401, "Local Ably has no metachannels and no queues.");
  }
  // Filtered and derived channels ([filter=…]name, [?rewind=1]name) are among the refused.
  if (!/^[^:,\s[][^\n\v\f\r\u0085\u2028\u2029]*$/.test(name)) {
    throw new AblyError(40010, 400, `The channel name ${JSON.stringify(name)} is not valid here.`);
  }
}
