import type { Context } from "@netlify/functions";

/**
 * Who the token is for: the query's clientId, else `DEFAULT_CLIENT_ID`, else `NO_CLIENT_ID`.
 * So anyone can be anyone here. Replace this function with your own sign-in when that matters:
 * return the clientId of whoever sends this request, or throw a FunctionError with status 403,
 * because ably-js retries for ever on any other. docs/recipes.md has one for OpenID Connect.
 */
export function identify(request: Request, _context: Context): string | Promise<string> {
  const query = new URL(request.url).searchParams;
  return query.get("clientId") ?? (process.env.DEFAULT_CLIENT_ID?.trim() || "NO_CLIENT_ID");
}
