import { FunctionError } from "./error.ts";

const MAX_LENGTH = 128;

/** What no clientId may be, whoever chose it. Throws a 403. */
export function checkClientId(clientId: string): string {
  if (clientId === "*") refuse("it may not be *, which would let its bearer be anyone");
  if (clientId.trim() === "") refuse("it is blank");
  if (clientId.length > MAX_LENGTH) refuse(`it is longer than ${MAX_LENGTH} characters`);
  if (/\p{Cc}/u.test(clientId)) refuse("it has control characters");
  return clientId;
}

function refuse(why: string): never {
  throw new FunctionError(40012, 403, `The clientId was refused: ${why}.`);
}
