/** Faults on demand, for tests and for the page's practice drawer. See the README. */
import { detach } from "./attachment.ts";
import type { Connection, Host } from "./connection.ts";
import { AblyError, assert } from "./error.ts";
import { Action, type ServerFrame } from "./protocol.ts";

export type Faults = ReturnType<typeof createFaults>;

/** Arguments may be text: pages send them in the query string. */
export function createFaults(host: Host & { forget(): void }) {
  const { connections, network } = host;
  const find = (connectionId: string): Connection => {
    const found = connections.get(connectionId);
    assert(found?.transport, 40400, `No open connection has the ID ${connectionId}.`);
    return found;
  };
  const detachAll = (frame: ServerFrame & { channel: string }): void => {
    const { channel } = frame;
    const all = [...connections.values()].filter(({ attachments }) => attachments.has(channel));
    for (const one of all) detach(one, frame);
  };
  return {
    dropAll: (): void => connections.forEach(({ transport }) => transport?.cut()),
    drop: (connectionId: string): void => find(connectionId).transport?.cut(),
    expireToken: (connectionId: string): void => find(connectionId).endToken(),
    forget: (): void => host.forget(),
    hold: (): void => network.hold(true),
    release: (): void => network.hold(false),
    delay(ms: number | string): void {
      network.delayMs = Number(ms) || 0;
    },
    refuseConnections(ms: number | string): void {
      network.refusedUntil = Date.now() + (Number(ms) || 0);
    },
    detach(channel: string): void {
      const error = new AblyError(90198, "The fault detach of local Ably was used.", 503);
      detachAll({ action: Action.DETACHED, channel, error });
    },
    fail(channel: string): void {
      const error = new AblyError(42910, "The fault fail of local Ably was used.");
      detachAll({ action: Action.ERROR, channel, error });
    },
    acceptUndecodable(on: boolean | string = true): void {
      host.settings.acceptUndecodable = String(on) !== "false";
    },
    counts(): { open: number; waiting: number } {
      const open = [...connections.values()].filter(({ transport }) => transport).length;
      return { open, waiting: connections.size - open };
    },
  };
}
