/** YOURS. What a visitor may do. Who the visitor is comes from identify.ts. */
import type { capabilityOp as Operation } from "ably";
import { channelName } from "../../../src/realtime/contract.ts";
import type { Visitor } from "./identify.ts";

/** Channel → operations. https://ably.com/docs/auth/capabilities */
export type Capability = Record<string, Operation[]>;

/**
 * Returns what the token allows. Here every visitor may read and write in every room of this site,
 * and nothing else of your Ably account. For private rooms, return `channelName(room, deployContext)`
 * for each room of the visitor. `*` is a wildcard, alone or between colons. Operations are for a whole
 * room, and not for a message type: what only servers may send is in src/app.ts.
 * @param deployContext Netlify's: a preview has other channels than production.
 */
export function permit(
  _visitor: Visitor,
  deployContext: string | undefined,
): Capability | Promise<Capability> {
  return {
    [channelName("*", deployContext)]: ["history", "presence", "publish", "subscribe"],
  };
}
