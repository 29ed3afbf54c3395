/** KEPT. Signs token requests. It needs no network: the page exchanges them for tokens at Ably. */
import Ably, { type TokenParams, type TokenRequest } from "ably";

/** Returns an Ably TokenRequest. https://ably.com/docs/api/token-request-spec */
export function sign(key: string, params: TokenParams): Promise<TokenRequest> {
  return new Ably.Rest({ key }).auth.createTokenRequest(params);
}
