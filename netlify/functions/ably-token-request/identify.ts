import type { Context } from "@netlify/functions";

/**
 * Returns the client ID that the token is for: `clientId` of the query, else `DEFAULT_CLIENT_ID`,
 * else `NO_CLIENT_ID`. Anyone can claim any client ID here. To add a sign-in, replace this function:
 * return the client ID of the signed-in user, or throw a FunctionError with status 403, because
 * ably-js retries after any other status.
 */
export function identify(request: Request, _context: Context): string | Promise<string> {
  const query = new URL(request.url).searchParams;
  return query.get("clientId") ?? (process.env.DEFAULT_CLIENT_ID?.trim() || "NO_CLIENT_ID");
}
