/** KEPT. Signs a token request with the key. */
import Ably, { type TokenParams, type TokenRequest } from "ably";

/**
 * Returns an Ably TokenRequest, signed with the key. Signing needs no network: the page exchanges the
 * token request for a token at Ably. https://ably.com/docs/api/token-request-spec
 */
export function sign(key: string, params: TokenParams): Promise<TokenRequest> {
  return new Ably.Rest({ key }).auth.createTokenRequest(params);
}
