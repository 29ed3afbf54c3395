/** YOURS. Who the visitor is. What the visitor may do is in permit.ts. */
import type { Context } from "@netlify/functions";

/** Add what `permit` needs to know, such as the visitor's team. */
export type Visitor = { clientId: string };

/**
 * Returns the visitor that the token is for: `clientId` of the query, else `DEFAULT_CLIENT_ID`, else
 * `NO_CLIENT_ID`. Anyone can claim any client ID here. To add a sign-in, replace this function:
 * return the signed-in user, whose client ID the page passes to `connect`. Or throw a FunctionError of
 * response.ts with status 403, because ably-js retries after any other status.
 */
export function identify(request: Request, _context: Context): Visitor | Promise<Visitor> {
  const query = new URL(request.url).searchParams;
  const clientId =
    query.get("clientId") ?? (process.env.DEFAULT_CLIENT_ID?.trim() || "NO_CLIENT_ID");
  return { clientId };
}
