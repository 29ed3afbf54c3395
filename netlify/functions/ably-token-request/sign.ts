import Ably, { type TokenParams } from "ably";
import { HEADERS } from "./response.ts";

/**
 * Answers with an Ably TokenRequest, signed with the key. Signing needs no network: the page
 * exchanges the token request for a token at Ably.
 * https://ably.com/docs/api/token-request-spec
 */
export async function sign(key: string, params: TokenParams): Promise<Response> {
  const tokenRequest = await new Ably.Rest({ key }).auth.createTokenRequest(params);
  return Response.json(tokenRequest, { headers: HEADERS });
}
