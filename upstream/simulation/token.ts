import Ably from "ably";

/** Signs a token request by the clock of the world. */
export function signFor(
  key: { name: string; secret: string },
  clientId: string,
): Promise<Ably.TokenRequest> {
  const params = {
    clientId,
    timestamp: Date.now(),
    // Each schedule lasts longer, so that every connection gets further tokens.
    ttl: 200_000,
    capability: JSON.stringify({ "room:*": ["*"] }),
  };
  return new Ably.Rest({ key: `${key.name}:${key.secret}` }).auth.createTokenRequest(params);
}
