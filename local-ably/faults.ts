/** Faults on demand, for tests and for the page's practice drawer. */
import type { Connection } from "./connection.ts";
import { AblyError, assert } from "./error.ts";
import { Action } from "./protocol.ts";
import type { Settings } from "./settings.ts";
import type { Outlet } from "./transport.ts";

type Host = {
  readonly connections: ReadonlyMap<string, Connection>;
  readonly settings: Settings;
  forget(): void;
};

export type Faults = ReturnType<typeof createFaults>;

export function createFaults(host: Host) {
  const { connections } = host;
  let refusedUntil = 0;
  let delayMs = 0;
  let isHolding = false;
  let timer: NodeJS.Timeout | undefined;
  const waiting: { send: () => void; due: number }[] = [];

  const flush = (): void => {
    clearTimeout(timer);
    if (isHolding) return;
    const now = Date.now();
    while (waiting[0] && waiting[0].due <= now) waiting.shift()?.send();
    const [next] = waiting;
    if (next) timer = setTimeout(flush, next.due - now);
  };
  const find = (connectionId: string): Connection => {
    const found = connections.get(connectionId);
    assert(found?.transport, 40400, `No open connection has the ID ${connectionId}.`);
    return found;
  };
  const outlet: Outlet = {
    unsent: 0,
    pass(send) {
      if (!isHolding && delayMs === 0 && waiting.length === 0) return send();
      waiting.push({ send, due: Date.now() + delayMs });
      flush();
    },
  };

  /** Each takes at most one argument, which may be text: pages send it in the query string. */
  const byName = {
    /** Cuts all sockets, as a lost network does. Clients can resume. */
    dropAll(): void {
      for (const { transport } of connections.values()) transport?.cut();
    },

    drop: (connectionId: string): void => find(connectionId).transport?.cut(),

    /** Refuses sockets for a time. REST still answers. */
    refuseConnections(ms: number | string): void {
      refusedUntil = Date.now() + (Number(ms) || 0);
    },

    /** Sends DISCONNECTED with 40142, as when a token expires. */
    expireToken: (connectionId: string): void => find(connectionId).expireToken(),

    /** Sends DETACHED to all subscribers of a channel. Clients attach again. */
    detach(channel: string): void {
      const error = new AblyError(90198, "The fault detach of local Ably was used.", 503);
      for (const connection of connections.values()) {
        const isAttached = connection.attachments.has(channel);
        if (isAttached) connection.detach({ action: Action.DETACHED, channel, error });
      }
    },

    /** Delays frames to clients from now on. 0 ends the delay. */
    delay(ms: number | string): void {
      delayMs = Number(ms) || 0;
    },

    /** Holds frames to clients until `release`. */
    hold(): void {
      isHolding = true;
    },

    release(): void {
      isHolding = false;
      flush();
    },

    /** Loses connections, channels, messages and members, as a restart does. */
    forget: (): void => host.forget(),

    /** Accepts messages that subscribers cannot decode, or with `false` refuses them again. */
    acceptUndecodable(on: boolean | string = true): void {
      host.settings.acceptUndecodable = String(on) !== "false";
    },

    /** Connections with an open socket, and those that wait to be resumed. */
    counts(): { open: number; waiting: number } {
      const all = [...connections.values()];
      const open = all.filter(({ transport }) => transport).length;
      return { open, waiting: all.length - open };
    },
  };

  return { byName, outlet, isRefusing: () => Date.now() < refusedUntil };
}
