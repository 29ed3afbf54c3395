/** What went wrong, as a kind that a page can explain: who answered, and what helps. */
import type { ErrorInfo } from "./error-info.ts";

/** Who answered the last token request, or was asked and did not answer. */
export type TokenResponse = {
  from: "function" | "ably";
  /** The HTTP status. Undefined if no response came. */
  status?: number | undefined;
  /** The response carries an Ably error code, so the function or Ably wrote it, not Netlify. */
  hasErrorCode: boolean;
};

export type ErrorKind =
  /** The token function. */
  | "key-not-set"
  | "function-refused"
  | "function-failed"
  /** Netlify, in front of the token function. */
  | "function-missing"
  | "function-crashed"
  | "function-timeout"
  | "site-protected"
  | "netlify-refused"
  | "site-unreachable"
  /** Ably, or Netlify's rate limit. */
  | "too-many-requests"
  /** Ably. */
  | "clock"
  | "token-request-reused"
  | "key-rejected"
  | "account-limit"
  | "account-blocked"
  | "sdk-too-old"
  | "token-rejected"
  | "identity"
  | "not-permitted"
  | "room-full"
  | "too-many-rooms"
  | "ably-trouble"
  | "ably-unreachable"
  | "unknown";

/** https://github.com/ably/ably-common/blob/main/protocol/errors.json */
const CODES: Partial<Record<ErrorKind, number[]>> = {
  clock: [40104],
  "token-request-reused": [40105],
  "key-rejected": [40005, 40101, 40130, 40131, 40132, 40133],
  "account-limit": [40111, 40112, 40114, 40150],
  "account-blocked": [40110, 40113, 40120, 40310, 40311, 40320, 40330, 40331, 40332],
  "sdk-too-old": [40017, 40023, 40168, 80024],
  "token-rejected": [40140, 40141, 40142, 40143, 40144, 40145, 40171],
  identity: [40012, 40102, 80011],
  "not-permitted": [40160, 40161],
  "room-full": [91003],
  "too-many-rooms": [90010],
  "too-many-requests": [42910, 42911, 42912, 42913, 42920, 42921, 42922, 80020, 80021, 90021],
  "ably-unreachable": [80000, 80001, 80002, 80003, 80009, 80014, 90007],
};

const KINDS = new Map(
  Object.entries(CODES).flatMap(([kind, codes]) => codes.map((code) => [code, kind as ErrorKind])),
);

/** ably-js: the function or Ably gave no usable response. */
const NO_USABLE_RESPONSE = 40170;
const NOT_FOUND = 40400;
const KEY_MISSING = 40106;
const KEY_MALFORMED = 40101;

/** @param response Who answered, if a token could not be obtained. */
export function classifyError(error: ErrorInfo, response?: TokenResponse): ErrorKind {
  if (response?.from === "function") {
    return response.hasErrorCode ? classifyFunctionError(error) : classifyNetlify(response);
  }
  const known = KINDS.get(error.code);
  if (known) return known;
  // Ably knows no such app or key.
  if (error.code === NOT_FOUND && response) return "key-rejected";
  if (error.code === NO_USABLE_RESPONSE) {
    return response?.status === undefined ? "ably-unreachable" : "ably-trouble";
  }
  if (error.code >= 50_000 && error.code < 60_000) return "ably-trouble";
  return "unknown";
}

/** See the errors of netlify/functions/ably-token-request. */
function classifyFunctionError({ code, statusCode }: ErrorInfo): ErrorKind {
  if (code === KEY_MISSING || code === KEY_MALFORMED) return "key-not-set";
  if (statusCode === 403) return "function-refused";
  return statusCode >= 500 ? "function-failed" : "unknown";
}

/** https://docs.netlify.com/build/functions/overview: the function did not answer itself. */
function classifyNetlify({ status }: TokenResponse): ErrorKind {
  switch (status) {
    case undefined:
    case 408:
      return "site-unreachable";
    case 200:
    case 404:
      return "function-missing";
    case 401:
      return "site-protected";
    case 403:
      return "netlify-refused";
    case 429:
      return "too-many-requests";
    case 500:
    case 502:
    case 503:
      return "function-crashed";
    case 504:
      return "function-timeout";
    default:
      return "unknown";
  }
}
