import type { Config, Context } from "@netlify/functions";
import { CHANNEL_NAMESPACE } from "../../../src/realtime/contract.ts";
import { checkClientId } from "./client-id.ts";
import { FunctionError, HEADERS } from "./error.ts";
import { identify } from "./identify.ts";
import { readKey } from "./key.ts";
import { signTokenRequest } from "./sign.ts";

const ALLOW = "GET, HEAD, OPTIONS";

/** Least privilege: what the page does, on the channels of this app. */
const CAPABILITY = JSON.stringify({
  [`${CHANNEL_NAMESPACE}:*`]: ["history", "presence", "publish", "subscribe"],
});

export const config: Config = {
  rateLimit: { windowLimit: 60, windowSize: 60, aggregateBy: ["ip", "domain"] },
};

/**
 * `GET ?clientId=ada` → an Ably TokenRequest, signed with `ABLY_API_KEY`, which ably-js exchanges
 * for a token at Ably. Every other query parameter is ignored: the caller does not get to choose.
 * https://ably.com/docs/api/token-request-spec
 */
export default async function ablyTokenRequest(
  request: Request,
  context: Context,
): Promise<Response> {
  const response = await answer(request, context).catch(toResponse);
  return request.method === "HEAD" ? new Response(null, response) : response;
}

async function answer(request: Request, context: Context): Promise<Response> {
  if (request.method === "OPTIONS") {
    return new Response(null, { status: 204, headers: { ...HEADERS, allow: ALLOW } });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    const error = new FunctionError(40500, 405, `Use GET: ${request.method} is not supported.`);
    return error.toResponse({ allow: ALLOW });
  }
  if (request.headers.get("sec-fetch-site") === "cross-site") {
    throw new FunctionError(40300, 403, "This function answers only the pages of its own site.");
  }

  const clientId = checkClientId(await identify(request, context));
  const key = readKey(process.env);
  const tokenRequest = await signTokenRequest(key, { clientId, capability: CAPABILITY });
  return Response.json(tokenRequest, { headers: HEADERS });
}

function toResponse(error: unknown): Response {
  if (error instanceof FunctionError) return error.toResponse();
  // Not the error itself: it may quote the key.
  console.error("ably-token-request: the Ably SDK could not sign the token request");
  return new FunctionError(50000, 500, "The token request could not be signed.").toResponse();
}
