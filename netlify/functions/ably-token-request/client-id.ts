/** KEPT. Which client IDs the function signs for. */
import { INVISIBLE, looksLikeServer } from "../../../src/realtime/contract.ts";
import { FunctionError } from "./response.ts";

const MAX_LENGTH = 128;

/**
 * Control, format, private and unassigned characters, halves of surrogate pairs, fillers, and white
 * space other than a space. They make two different client IDs look the same, or reverse the text
 * around them.
 */
const NOT_ALLOWED = new RegExp(`[\\p{C}${INVISIBLE}]|[^\\S ]`, "u");
const VISIBLE = /[^\p{M}\s]/u;
const SURPLUS_SPACE = /^ | $| {2}/;

/** Returns a client ID that a token may be issued for. Throws a 403 for any other. */
export function checkClientId(clientId: string): string {
  if (clientId === "*") refuse("A token for * may use any client ID. Use a name.");
  if (clientId.length > MAX_LENGTH) {
    refuse(`It has ${clientId.length} characters. Use at most ${MAX_LENGTH}.`);
  }
  const [invisible] = NOT_ALLOWED.exec(clientId) ?? [];
  if (invisible) {
    refuse(`It contains the invisible character ${toCodePoint(invisible)}. Remove it.`);
  }
  if (!VISIBLE.test(clientId)) refuse("It is blank. Use at least one visible character.");
  if (SURPLUS_SPACE.test(clientId)) refuse("Remove spaces at its ends, and double spaces.");
  if (clientId !== clientId.normalize()) refuse("Use Unicode's composed form (NFC).");
  if (looksLikeServer(clientId)) refuse("It is reserved for the functions of this site.");
  return clientId;
}

function toCodePoint(character: string): string {
  return `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`;
}

function refuse(why: string): never {
  throw new FunctionError(40012, 403, `Invalid clientId. ${why}`);
}
