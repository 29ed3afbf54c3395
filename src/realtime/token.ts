/**
 * The Ably token of this tab, kept in `sessionStorage`: a reload, or the next page of the site,
 * connects with it at once, and the function is called once an hour and not once a page.
 */
import type { TokenDetails } from "ably";
import { channelName } from "./contract.ts";
import { tabStorage } from "./identity.ts";

const PREFIX = "ably-token:";
/** A URL carries the token. Servers refuse a longer one without a word. */
const MAX_TOKEN_LENGTH = 8_000;
const MIN_TIME_LEFT_MS = 5 * 60_000;
/** If this computer's clock differs more from Ably's, it cannot tell when a token ends. */
const MAX_CLOCK_ERROR_MS = 60_000;

/** Returns a token that was issued for this client ID, site and key, and has 5 minutes left. */
export function loadToken(clientId: string): TokenDetails | undefined {
  try {
    const token: unknown = JSON.parse(tabStorage()?.getItem(PREFIX + clientId) ?? "null");
    return isTokenDetails(token) && isUsable(token, clientId) ? token : undefined;
  } catch {
    return undefined;
  }
}

export function saveToken(token: unknown): void {
  if (!isTokenDetails(token) || !token.clientId) return;
  if (Math.abs(token.issued - Date.now()) > MAX_CLOCK_ERROR_MS) return;
  try {
    tabStorage()?.setItem(PREFIX + token.clientId, JSON.stringify(token));
  } catch {
    // Storage is full: the next load asks the function.
  }
}

/** Deletes the stored tokens. Call it, and close the client, when somebody signs out. */
export function forgetTokens(): void {
  const storage = tabStorage();
  const keys = Object.keys(storage ?? {}).filter((key) => key.startsWith(PREFIX));
  for (const key of keys) storage?.removeItem(key);
}

function isUsable(token: TokenDetails & { keyName?: unknown }, clientId: string): boolean {
  const now = Date.now();
  return (
    token.clientId === clientId &&
    __ABLY_KEY_NAME__ !== "" &&
    token.keyName === __ABLY_KEY_NAME__ &&
    token.capability.includes(`"${channelName("*")}"`) &&
    token.issued - MAX_CLOCK_ERROR_MS < now &&
    now < token.expires - MIN_TIME_LEFT_MS
  );
}

function isTokenDetails(value: unknown): value is TokenDetails {
  if (typeof value !== "object" || value === null) return false;
  const { token, issued, expires, capability } = value as Partial<TokenDetails>;
  const isToken = typeof token === "string" && token.length <= MAX_TOKEN_LENGTH;
  return (
    isToken &&
    typeof capability === "string" &&
    typeof issued === "number" &&
    typeof expires === "number"
  );
}
