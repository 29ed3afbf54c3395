import { isVisible } from "../../../src/realtime/contract.ts";
import { FunctionError } from "./response.ts";

const MAX_LENGTH = 128;

/** Control, format and line separator characters, and halves of surrogate pairs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Returns a client ID that a token may be issued for. Throws a 403 for any other. */
export function checkClientId(clientId: string): string {
  if (clientId === "*") refuse("A token for * may use any client ID. Use a name.");
  if (!isVisible(clientId)) refuse("It is blank. Use at least one visible character.");
  if (clientId.length > MAX_LENGTH) {
    refuse(`It has ${clientId.length} characters. Use at most ${MAX_LENGTH}.`);
  }
  const [invisible] = INVISIBLE.exec(clientId) ?? [];
  // They make two different client IDs look the same, or reverse the text around them.
  if (invisible)
    refuse(`It contains the invisible character ${toCodePoint(invisible)}. Remove it.`);
  return clientId;
}

function toCodePoint(character: string): string {
  return `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`;
}

function refuse(why: string): never {
  throw new FunctionError(40012, 403, `Invalid clientId. ${why}`);
}
