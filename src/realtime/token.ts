/**
 * KEPT, saves a round trip. The Ably token of this tab, stored for its hour: a reload, or the next
 * page of the site, connects with it at once, and the function is called once an hour and not once a
 * page. Without this file, delete its test, and the lines that end with "delete with token.ts".
 */
import type { TokenDetails } from "ably";
import { type SafeStorage, parseJson } from "./storage.ts";

const NAME = "ably-token";
/** A URL carries the token, so it has only these characters. Servers refuse a long one without a word. */
const TOKEN = /^[\w.~+/=:-]{1,8000}$/;
const MIN_TIME_LEFT_MS = 5 * 60_000;
/** https://ably.com/docs/api/token-request-spec */
const MAX_TIME_MS = 24 * 60 * 60_000;
/** If this computer's clock differs more from Ably's, it cannot tell when a token ends. */
const MAX_CLOCK_ERROR_MS = 60_000;

/**
 * Returns a token that was issued for this client ID and key, and has 5 minutes left. None if the build
 * had no key: vite.config.ts sets its name.
 */
export function loadToken(clientId: string, storage: SafeStorage): TokenDetails | undefined {
  const token = parseJson(storage.read(NAME, clientId));
  return isTokenDetails(token) && isUsable(token, clientId) ? token : undefined;
}

/** Stores a token, unless this computer's clock is wrong. Where storage is full, it is not kept. */
export function saveToken(token: unknown, storage: SafeStorage): void {
  if (!isTokenDetails(token) || !token.clientId) return;
  if (Math.abs(token.issued - Date.now()) > MAX_CLOCK_ERROR_MS) return;
  storage.write(JSON.stringify(token), NAME, token.clientId);
}

export function forgetToken(clientId: string, storage: SafeStorage): void {
  storage.remove(NAME, clientId);
}

function isUsable(token: TokenDetails & { keyName?: unknown }, clientId: string): boolean {
  const now = Date.now();
  return (
    token.clientId === clientId &&
    __ABLY_KEY_NAME__ !== "" &&
    token.keyName === __ABLY_KEY_NAME__ &&
    token.issued - MAX_CLOCK_ERROR_MS < now &&
    now < token.expires - MIN_TIME_LEFT_MS
  );
}

function isTokenDetails(value: unknown): value is TokenDetails {
  const { token, issued, expires, capability }: Partial<TokenDetails> = Object(value);
  return (
    typeof token === "string" &&
    TOKEN.test(token) &&
    typeof capability === "string" &&
    typeof issued === "number" &&
    typeof expires === "number" &&
    expires > issued &&
    expires - issued <= MAX_TIME_MS
  );
}
