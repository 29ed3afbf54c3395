import type { TokenParams, TokenRequest } from "ably";

/**
 * Ably's build for the web, as the page has it. The one for Node brings an HTTP client and
 * WebSockets, which signing never uses, and makes a cold start more than three times as long
 * (`npm run bench`). In a server it warns at each start that there is one for Node, unless it finds
 * the name that tells an edge runtime: a server with the web's own APIs, as a Netlify function is.
 */
const scope: typeof globalThis & { EdgeRuntime?: string } = globalThis;
scope.EdgeRuntime = "netlify";
const { BaseRest, FetchRequest } = await import("ably/modular");
delete scope.EdgeRuntime;

export function signTokenRequest(key: string, params: TokenParams): Promise<TokenRequest> {
  return new BaseRest({ key, plugins: { FetchRequest } }).auth.createTokenRequest(params);
}
