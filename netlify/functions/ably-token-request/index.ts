import type { Config, Context } from "@netlify/functions";
import { channelNamespace } from "../../../src/realtime/contract.ts";
import { checkClientId } from "./client-id.ts";
import { identify } from "./identify.ts";
import { LOCAL_ABLY_KEY, readKey } from "./key.ts";
import { FunctionError, HEADERS } from "./response.ts";
import { sign } from "./sign.ts";

const ALLOW = "GET, HEAD, OPTIONS";

export const config: Config = {
  rateLimit: { windowLimit: 60, windowSize: 60, aggregateBy: ["ip", "domain"] },
};

/**
 * `GET ?clientId=ada` answers with a signed Ably TokenRequest. It ignores every other query
 * parameter, so that a caller cannot choose what the token allows.
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
  // The Vite plugin of local Ably makes the same exception for the page.
  const deployContext = key === LOCAL_ABLY_KEY ? "production" : readDeployContext(context);
  return await sign(key, { clientId, capability: capabilityFor(deployContext) });
}

/** `netlify dev` and `netlify serve` set the variable CONTEXT in place of `deploy.context`. */
function readDeployContext({ deploy }: Context): string | undefined {
  return deploy?.context || process.env.CONTEXT;
}

/** Least privilege: what the page does, on the channels of this app and deploy context. */
function capabilityFor(deployContext: string | undefined): string {
  return JSON.stringify({
    [`${channelNamespace(deployContext)}:*`]: ["history", "presence", "publish", "subscribe"],
  });
}

function toResponse(error: unknown): Response {
  if (error instanceof FunctionError) return error.toResponse();
  // The error itself may quote the key.
  console.error("ably-token-request: identify() or the Ably SDK threw an error");
  return new FunctionError(
    50000,
    500,
    "The token request could not be signed. See the log of the function.",
  ).toResponse();
}
