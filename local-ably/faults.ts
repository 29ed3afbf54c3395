/** What goes wrong in real networks, at will: for tests and for the page's practice drawer. */
import type { Connection } from "./connection.ts";
import { AblyError, check } from "./error.ts";
import { Action } from "./protocol.ts";

export type Faults = ReturnType<typeof createFaults>;

/** @param forget drops all state and every socket. */
export function createFaults(connections: ReadonlyMap<string, Connection>, forget: () => void) {
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
    const sentence = `No open connection has the id ${JSON.stringify(connectionId)}.`;
    check(found?.transport, 40400, sentence);
    return found;
  };

  /** Each takes one argument at the most, which may be text: a page asks for them in an address. */
  const byName = {
    /** Cuts every socket without a word, as a lost network does. Clients may resume. */
    dropAll(): void {
      for (const { transport } of connections.values()) transport?.cut();
    },

    drop: (connectionId: string): void => find(connectionId).transport?.cut(),

    /** For so many ms, sockets are refused. REST still answers. */
    refuseConnections(ms: number | string): void {
      refusedUntil = Date.now() + (Number(ms) || 0);
    },

    /** What happens when a token has reached its end: DISCONNECTED with 40142. */
    expireToken: (connectionId: string): void => find(connectionId).expireToken(),

    /** Sends DETACHED to all who are on a channel: their clients attach again by themselves. */
    detach(channel: string): void {
      const error = new AblyError(90198, "Local Ably was told to detach this channel.", 503);
      for (const connection of connections.values()) {
        const isThere = connection.attachments.has(channel);
        if (isThere) connection.detach({ action: Action.DETACHED, channel, error });
      }
    },

    /** Frames to clients take so many ms longer from now on. 0 ends that. */
    delay(ms: number | string): void {
      delayMs = Number(ms) || 0;
    },

    /** Frames to clients wait until `release`. */
    hold(): void {
      isHolding = true;
    },

    release(): void {
      isHolding = false;
      flush();
    },

    /** Does what a restart does: connections, channels, messages and members are gone. */
    forget,

    /** Connections with an open socket, and those that wait to be resumed. */
    counts(): { open: number; waiting: number } {
      const all = [...connections.values()];
      const open = all.filter(({ transport }) => transport).length;
      return { open, waiting: all.length - open };
    },
  };

  return {
    byName,
    isRefusing: () => Date.now() < refusedUntil,
    /** Every frame goes out through here, in order. */
    pass(send: () => void): void {
      if (!isHolding && delayMs === 0 && waiting.length === 0) return send();
      waiting.push({ send, due: Date.now() + delayMs });
      flush();
    },
  };
}
