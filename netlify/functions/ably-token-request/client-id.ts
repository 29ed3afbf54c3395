import { FunctionError } from "./error.ts";

const MAX_LENGTH = 128;

/**
 * Who the token is for: the query's clientId, else `DEFAULT_CLIENT_ID`, else `NO_CLIENT_ID`.
 * Anyone can ask to be anyone here: replace this with your own sign-in when that matters.
 * Throws a 403, because ably-js retries for ever on every other status.
 */
export function readClientId(query: URLSearchParams, env: NodeJS.ProcessEnv): string {
  const clientId = query.get("clientId") ?? (env.DEFAULT_CLIENT_ID?.trim() || "NO_CLIENT_ID");
  if (clientId === "*") refuse("it may not be *, which would let its bearer be anyone");
  if (clientId.trim() === "") refuse("it is blank");
  if (clientId.length > MAX_LENGTH) refuse(`it is longer than ${MAX_LENGTH} characters`);
  if (/\p{Cc}/u.test(clientId)) refuse("it has control characters");
  return clientId;
}

function refuse(why: string): never {
  throw new FunctionError(40012, 403, `The clientId was refused: ${why}.`);
}
