/**
 * KEPT. `GET ?clientId=ada` answers with a signed Ably TokenRequest. Who may have one, and for what,
 * is yours: identify.ts and permit.ts.
 */
import type { Config, Context } from "@netlify/functions";
import { checkClientId } from "./client-id.ts";
import { identify } from "./identify.ts";
import { readDeployContext, readKey, withoutSecret } from "./key.ts";
import { permit } from "./permit.ts";
import { FunctionError, HEADERS } from "./response.ts";
import { sign } from "./sign.ts";

const ALLOW = "GET, HEAD, OPTIONS";

export const config: Config = {
  rateLimit: { windowLimit: 60, windowSize: 60, aggregateBy: ["ip", "domain"] },
};

/** Only `identify` reads the query, so that a caller cannot choose what the token allows. */
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

  const visitor = await identify(request, context);
  const clientId = checkClientId(visitor.clientId);
  const key = readKey(process.env);
  const capability = await permit(visitor, readDeployContext(context));
  // Ably takes a token request without channels for one with all channels of the key.
  if (Object.keys(capability).length === 0) {
    throw new FunctionError(40160, 403, "This visitor may not open any room.");
  }
  return Response.json(await sign(key, { clientId, capability }), { headers: HEADERS });
}

function toResponse(error: unknown): Response {
  if (error instanceof FunctionError) return error.toResponse();
  const report = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(`ably-token-request failed: ${withoutSecret(report)}`);
  return new FunctionError(50000, 500, "The token function failed. See its log.").toResponse();
}
