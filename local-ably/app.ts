import { Channel } from "./channel.ts";
import { AblyError } from "./error.ts";
import type { Settings } from "./settings.ts";

/** One of Ably's apps: its keys see its channels and no others. */
export class App {
  readonly id: string;
  readonly settings: Settings;
  readonly channels = new Map<string, Channel>();

  constructor(id: string, settings: Settings) {
    this.id = id;
    this.settings = settings;
  }

  /** The channel of that name, which exists from when it is first named. Throws 40010. */
  channel(name: string): Channel {
    checkChannelName(name);
    const known = this.channels.get(name);
    if (known) return known;
    const channel = new Channel(name, this.settings);
    this.channels.set(name, channel);
    return channel;
  }

  /** Forgets the channels that hold nothing and that nobody is on. */
  sweep(): void {
    for (const [name, channel] of this.channels) if (channel.isIdle) this.channels.delete(name);
  }
}

/** Qualified names ([meta]…, [filter=…]…, [?rewind=1]…) are left out, and refused here. */
export function checkChannelName(name: string): void {
  if (!/^[^:,\s[][^\n\v\f\r\u0085\u2028\u2029]*$/.test(name)) {
    throw new AblyError(40010, 400, `The channel name ${JSON.stringify(name)} is not valid.`);
  }
}
