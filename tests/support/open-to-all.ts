/**
 * What the tests use in place of identify.ts and permit.ts of the function, so that they pass with
 * any rules of your own: everyone may claim any client ID, and may do everything in every room.
 */
import { channelName } from "../../src/realtime/contract.ts";

export type Visitor = { clientId: string };

export function identify(request: Request): Visitor {
  return { clientId: new URL(request.url).searchParams.get("clientId") ?? "NO_CLIENT_ID" };
}

export function permit(_visitor: Visitor, deployContext: string | undefined) {
  return { [channelName("*", deployContext)]: ["*"] };
}
