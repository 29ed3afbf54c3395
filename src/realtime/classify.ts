/**
 * KEPT. Which kind an error is, by its code and by who answered: the token function, Netlify in its
 * place, or Ably. A page needs it for words alone, so it loads with them.
 */
import { type ErrorInfo, type ErrorKind, type TokenResponse, kindOfCode } from "./errors.ts";

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
