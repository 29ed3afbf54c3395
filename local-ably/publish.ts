/** What Ably checks of a publish, whether it comes by socket or by REST. */
import { AblyError, check } from "./error.ts";
import type { Draft } from "./protocol.ts";

/**
 * Messages or presence as they may be taken, with their sender filled in: the `own` clientId of
 * its credentials, or any that is named under the wildcard. Throws the reason to refuse.
 */
export function checkPublish(drafts: Draft[], own: string | undefined, maxSize: number): Draft[] {
  const size = sizeOf(drafts);
  check(size <= maxSize, 40009, `The messages have ${size} bytes; ${maxSize} may pass.`, 413);
  checkIds(drafts.map(({ id }) => id));
  return drafts.map((draft) => {
    const { clientId = own === "*" ? undefined : own } = draft;
    const isAllowed = own === "*" ? clientId !== "*" && clientId !== "" : clientId === own;
    const named = JSON.stringify(clientId);
    check(isAllowed, 40012, `The clientId ${named} is not the connection's (${own}).`);
    // A connection's key has served its end, and is for nobody else to see.
    return { ...draft, clientId, connectionKey: undefined };
  });
}

/** With Ably's code where the channel's rule for them is not set. */
export function refuseMutableMessages(): never {
  const what = "updates, deletes, appends or annotations of messages";
  throw new AblyError(93002, `Local Ably has no ${what}.`);
}

/** In bytes, as Ably counts: https://ably.com/docs/platform/pricing/limits#message */
export function sizeOf(drafts: Draft[]): number {
  const parts = drafts.flatMap(({ name, clientId, data, extras }) => {
    return [name, clientId, data, extras && JSON.stringify(extras)];
  });
  return parts.reduce((sum, part) => sum + Buffer.byteLength(part ?? ""), 0);
}

/** Several messages with ids of their own are one publish: `base:0`, `base:1`, … */
function checkIds(ids: (string | undefined)[]): void {
  const [first] = ids;
  const base = first?.replace(/:0$/, "");
  const areBlank = ids.every((id) => id === undefined);
  const areCounted = base && ids.every((id, index) => id === `${base}:${index}`);
  const isSingle = first && ids.length === 1;
  const sentence = "The ids of several messages must be base:0, base:1 and so on.";
  check(areBlank || areCounted || isSingle, 40031, sentence);
}
