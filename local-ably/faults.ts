/** Faults on demand, for tests and for the page's practice drawer. */
import type { Connection } from "./connection.ts";
import { AblyError, assert } from "./error.ts";
import { Action } from "./protocol.ts";
import type { Settings } from "./settings.ts";
import type { Outlet } from "./transport.ts";

type Host = { connections: Map<string, Connection>; settings: Settings; forget(): void };
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
  const outlet: Outlet = {
    unsent: 0,
    pass(send) {
      if (!isHolding && delayMs === 0 && waiting.length === 0) return send();
      waiting.push({ send, due: Date.now() + delayMs });
      flush();
    },
  };
  const find = (connectionId: string): Connection => {
    const found = connections.get(connectionId);
    assert(found?.transport, 40400, `No open connection has the ID ${connectionId}.`);
    return found;
  };

  /** See the README. An argument may be text: pages send it in the query string. */
  const byName = {
    dropAll: (): void => connections.forEach(({ transport }) => transport?.cut()),
    drop: (connectionId: string): void => find(connectionId).transport?.cut(),
    refuseConnections(ms: number | string): void {
      refusedUntil = Date.now() + (Number(ms) || 0);
    },
    expireToken: (connectionId: string): void => find(connectionId).expireToken(),
    detach(channel: string): void {
      const error = new AblyError(90198, "The fault detach of local Ably was used.", 503);
      const attached = [...connections.values()].filter(({ attachments }) =>
        attachments.has(channel),
      );
      for (const one of attached) one.detach({ action: Action.DETACHED, channel, error });
    },
    delay(ms: number | string): void {
      delayMs = Number(ms) || 0;
    },
    hold(): void {
      isHolding = true;
    },
    release(): void {
      isHolding = false;
      flush();
    },
    forget: (): void => host.forget(),
    acceptUndecodable(on: boolean | string = true): void {
      host.settings.acceptUndecodable = String(on) !== "false";
    },
    counts(): { open: number; waiting: number } {
      const open = [...connections.values()].filter(({ transport }) => transport).length;
      return { open, waiting: connections.size - open };
    },
  };

  return { byName, outlet, isRefusing: () => Date.now() < refusedUntil };
}
