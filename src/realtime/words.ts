/**
 * KEPT. What is wrong, in words: what happened, and one thing to do about it. Translate or change it
 * here. It is a file of its own, so that it can load after the page has connected.
 */
import type { RoomStatus } from "./attachment.ts";
import type { ConnectionStatus } from "./connection.ts";
import { type ErrorKind, classifyError, remedyOf } from "./classify.ts";
import type { ErrorInfo, TokenResponse } from "./errors.ts";

export { classifyError };

/** `canRetry`: `connection.retry()`, or `room.reopen()` for a room, may help at once. */
export type Problem = { title: string; detail: string; canRetry: boolean };

/** Returns what is wrong with the connection, or undefined while it is well or a short drop heals. */
export function describeError(status: ConnectionStatus): Problem | undefined {
  if (status.state === "connected") return undefined;
  const { error, response } = status;
  const kind = error && classifyError(error, response);
  if (error && kind && !isDropped(status, kind)) return describe(kind, error, response);
  return status.state === "suspended" ? NO_CONNECTION : undefined;
}

/** Returns what is wrong with a room, or undefined. */
export function describeRoomError({ state, error }: RoomStatus): Problem | undefined {
  if (!error) return state === "failed" ? ROOM_REFUSED : undefined;
  const kind = classifyError(error);
  if (kind === "room-full") return ROOM_IS_FULL;
  if (state !== "failed") return undefined;
  if (remedyOf(kind) === "heals") return describe(kind, error);
  return { ...ROOM_REFUSED, detail: quote(error) };
}

/** A dropped connection is normal, and the client reconnects: the status says so. */
function isDropped({ state, error, response }: ConnectionStatus, kind: ErrorKind): boolean {
  if (state === "failed") return false;
  if (state === "suspended") return kind === "ably-unreachable";
  // With a `response`, no token could be obtained. 404: the client tried every host and transport.
  const isShort = response === undefined && error?.statusCode !== 404;
  return (kind === "ably-unreachable" && isShort) || kind === "token-rejected";
}

const KEEPS_TRYING = "This page keeps trying, and keeps what you send.";

const NO_CONNECTION: Problem = {
  title: "No connection for over two minutes",
  detail: `Check your network. ${KEEPS_TRYING}`,
  canRetry: true,
};

const ROOM_REFUSED: Problem = {
  title: "This room could not be opened",
  detail: "Ably gave no reason.",
  canRetry: true,
};

const ROOM_IS_FULL: Problem = {
  title: "This room is full",
  detail:
    "You can read and write, but the others do not see you in the list of people. This page enters the list by itself when somebody leaves.",
  canRetry: false,
};

const FUNCTION_LOG =
  "See its log: in Netlify, Logs & metrics → Functions, or the terminal of “npm run dev”.";

/** A title, and what to do. Without the latter, the page quotes the error. */
const WORDS: Record<ErrorKind, readonly [title: string, advice?: string]> = {
  "key-not-set": ["One step left: your Ably key"],
  "function-refused": ["The token function refused this page"],
  "function-failed": ["The token function failed"],
  "function-missing": [
    "The token function was not found",
    "Deploy the site with its functions, or open the address in the box that “npm run dev” prints.",
  ],
  "function-crashed": ["The token function crashed", FUNCTION_LOG],
  "function-timeout": [
    "The token function took too long",
    `Netlify stopped waiting for it. ${FUNCTION_LOG}`,
  ],
  "site-protected": [
    "This site asks for a password",
    "Reload this page and enter the site's password.",
  ],
  "netlify-refused": [
    "Netlify refused the token request",
    "Check the firewall rules of this site in Netlify.",
  ],
  "site-unreachable": ["This site cannot be reached", `Check your network. ${KEEPS_TRYING}`],
  "too-many-requests": [
    "Too many requests",
    "Wait a minute. This page then tries again by itself.",
  ],
  clock: [
    "The clock of the token function is wrong",
    "Ably does not accept its token requests. Set the clock of the computer that runs the function. WSL and containers can be late after sleep.",
  ],
  "token-request-reused": [
    "The token request was used before",
    "A cache keeps the function's answers. Exclude /.netlify/functions/ from every cache.",
  ],
  "key-rejected": [
    "Ably rejected the key of this site",
    "Copy a current key from ably.com/accounts, set it as ABLY_API_KEY, and deploy or restart.",
  ],
  "account-limit": [
    "This site's Ably account has reached a limit",
    `${KEEPS_TRYING} The owner of the site finds its limits and usage at ably.com/accounts.`,
  ],
  "account-blocked": [
    "Ably has disabled this site's account or app",
    "See ably.com/accounts, or ask Ably's support.",
  ],
  "sdk-too-old": [
    "Ably does not accept this version of its SDK",
    "Install the SDK that ably.com/docs/sdks names for your account, then deploy or restart.",
  ],
  "token-rejected": ["Ably rejected the token"],
  identity: ["Ably rejected this client ID"],
  "not-permitted": ["The token does not permit this"],
  "room-full": [ROOM_IS_FULL.title, ROOM_IS_FULL.detail],
  "too-many-rooms": [
    "Too many rooms are open",
    "Close other rooms. This page tries again by itself.",
  ],
  "ably-trouble": ["Ably has trouble", `See status.ably.com. ${KEEPS_TRYING}`],
  "ably-unreachable": [
    "Ably cannot be reached",
    `Check your network: it may be down, or block WebSockets. ${KEEPS_TRYING}`,
  ],
  unknown: ["Not connected"],
};

/** These kinds carry a sentence of the function's own, which says what to do. */
const OWN_WORDS: ErrorKind[] = ["key-not-set", "function-refused", "function-failed"];

function describe(kind: ErrorKind, error: ErrorInfo, response?: TokenResponse): Problem {
  const [title, advice] = WORDS[kind];
  const canRetry = remedyOf(kind) !== "ends";
  if (OWN_WORDS.includes(kind)) return { title, detail: error.message, canRetry };
  const isNetlify = response?.from === "function" && !response.hasErrorCode;
  if (isNetlify) {
    const { status } = response;
    const words = advice ?? "Netlify answered instead of the token function.";
    return { title, detail: status ? `${words} (HTTP ${status})` : words, canRetry };
  }
  const detail = advice === undefined ? quote(error) : `${advice} (${error.code})`;
  return { title, detail, canRetry };
}

/** Blames nobody for an error that this page does not know. */
function quote({ code, message }: ErrorInfo): string {
  return code > 0 ? `${message} (${code}, see https://help.ably.io/error/${code})` : message;
}
