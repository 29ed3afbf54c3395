/**
 * KEPT. Which kind an error is, by its code and by who answered: the token function, Netlify in its
 * place, or Ably. A page needs it for words alone, so it loads with them.
 * https://github.com/ably/ably-common/blob/main/protocol/errors.json
 */
import { type ErrorInfo, HEALING, type TokenResponse, isTrouble } from "./errors.ts";

/** Somebody has to do something first. */
const ASKING = {
  clock: [40104],
  "token-request-reused": [40105],
  "key-rejected": [40005, 40101, 40130, 40131, 40132, 40133],
  "account-blocked": [40110, 40113, 40120, 40310, 40311, 40320, 40330, 40331, 40332],
  "token-rejected": [40140, 40141, 40142, 40143, 40144, 40145, 40171],
  identity: [40012, 40102, 80011],
  "not-permitted": [40160, 40161],
} as const;
/** This version of the page will never succeed. */
const ENDING = { "sdk-too-old": [40017, 40023, 40168, 80024] } as const;

/** Who answered decides, and not the code alone. For all of these, somebody has to do something. */
type KindOfAnswer =
  // The token function.
  | "key-not-set"
  | "function-refused"
  | "function-failed"
  // Netlify, in front of the token function.
  | "function-missing"
  | "function-crashed"
  | "site-protected"
  | "netlify-refused"
  | "unknown";

type Codes = typeof HEALING & typeof ASKING & typeof ENDING;
export type ErrorKind = keyof Codes | KindOfAnswer;

const KIND_OF_CODE = new Map<number, ErrorKind>();
for (const [kind, codes] of Object.entries({ ...HEALING, ...ASKING, ...ENDING })) {
  for (const code of codes) KIND_OF_CODE.set(code, kind as ErrorKind);
}

/** What helps. `heals`: time alone. `asks`: somebody has to do something first. `ends`: nothing. */
export function remedyOf(kind: ErrorKind): "heals" | "asks" | "ends" {
  if (kind in ENDING) return "ends";
  return kind in HEALING ? "heals" : "asks";
}

/** Returns the kind of an error by its code alone. `classifyError` also knows who answered. */
export function kindOfCode(code: number): ErrorKind {
  return KIND_OF_CODE.get(code) ?? (isTrouble(code) ? "ably-trouble" : "unknown");
}

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
  // Ably does not know the app or the key.
  if (error.code === NOT_FOUND && response) return "key-rejected";
  if (error.code === NO_USABLE_RESPONSE) {
    return response?.status === undefined ? "ably-unreachable" : "ably-trouble";
  }
  return kindOfCode(error.code);
}

/** See the errors of netlify/functions/ably-token-request. */
function classifyFunctionError({ code, statusCode }: ErrorInfo): ErrorKind {
  if (statusCode === 403) return "function-refused";
  if (code === KEY_MISSING || code === KEY_MALFORMED) return "key-not-set";
  return statusCode >= 500 ? "function-failed" : "unknown";
}

/** The kind of each status that Netlify answers in place of the function. */
const NETLIFY: Record<number, ErrorKind> = {
  200: "function-missing", // Vite or a redirect answered with a page.
  401: "site-protected",
  403: "netlify-refused",
  404: "function-missing",
  408: "site-unreachable",
  429: "too-many-requests",
  500: "function-crashed",
  502: "function-crashed",
  503: "function-crashed",
  504: "function-timeout",
};

function classifyNetlify({ status }: TokenResponse): ErrorKind {
  return status === undefined ? "site-unreachable" : (NETLIFY[status] ?? "unknown");
}
