/**
 * KEPT. Reads errors of Ably, and knows which of them time heals. classify.ts says which kind an error
 * is, and words.ts has the words for people.
 * https://github.com/ably/ably-common/blob/main/protocol/errors.json
 */
import type { ErrorInfo as AblyErrorInfo } from "ably";

export type ErrorInfo = Pick<AblyErrorInfo, "code" | "statusCode" | "message">;

/**
 * The kinds of errors that time alone heals, with Ably's codes: the page tries again by itself.
 * classify.ts has the other kinds.
 */
export const HEALING = {
  // Netlify's rate limit counts as too many requests, too.
  "too-many-requests": [
    40115, 42910, 42911, 42912, 42913, 42920, 42921, 42922, 80020, 80021, 90021,
  ],
  "account-limit": [40111, 40112, 40114, 40150, 40151],
  "room-full": [91003],
  "too-many-rooms": [90010],
  // 80017: this page closed the connection, to open another one.
  "ably-unreachable": [80000, 80001, 80002, 80003, 80009, 80014, 80017, 90007],
  "ably-trouble": [], // and every code from 50000 to 59999
  // Netlify, in front of the token function.
  "function-timeout": [],
  "site-unreachable": [],
} as const;

const HEALING_CODES: number[] = Object.values(HEALING).flat();
/** The only codes of a connection that time does not heal: see classify.ts. */
const LASTING_CODES = [80011, 80024];

/** Who answered the last token request, or was asked and did not answer. */
export type TokenResponse = {
  from: "function" | "ably";
  /** The HTTP status. Undefined if no response came. */
  status?: number | undefined;
  /** The response carries an Ably error code, so the function or Ably wrote it, not Netlify. */
  hasErrorCode: boolean;
};

/** ably-js: a token could not be obtained. `cause` says why. */
const TOKEN_REQUEST_FAILED = 80019;

/** Returns the code and the message that explain most: of the innermost cause. Takes anything. */
export function readError(error: unknown): ErrorInfo {
  const { code = 0, statusCode = 0, message = String(error), cause } = asError(error);
  // Ably wraps what the token function answered.
  return asError(cause).code ? readError(cause) : { code, statusCode, message };
}

export function isTokenRequestError(error: unknown): boolean {
  return asError(error).code === TOKEN_REQUEST_FAILED;
}

/** Returns true if the same operation may succeed later, without anyone doing anything. */
export function isTemporary({ code, statusCode }: ErrorInfo): boolean {
  const isOfConnection = code >= 80_000 && code < 81_000 && !LASTING_CODES.includes(code);
  // The channel was in another state, or nothing answered. Both pass.
  const isOfChannel = code >= 90_000 && code < 90_010;
  return (
    HEALING_CODES.includes(code) ||
    isTrouble(code) ||
    isOfConnection ||
    isOfChannel ||
    statusCode === 429
  );
}

/** Ably has trouble. */
export function isTrouble(code: number): boolean {
  return code >= 50_000 && code < 60_000;
}

/** Calls a function of the app. Its error must not stop a room: the browser reports it as any other. */
export function callAndReport(call: () => void): void {
  try {
    call();
  } catch (error) {
    reportError(error);
  }
}

/** `Object` makes an object of anything. */
function asError(value: unknown): Partial<ErrorInfo> & { cause?: unknown } {
  return Object(value);
}
