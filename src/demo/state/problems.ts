/** What is wrong, in words: what happened, and one thing to do about it. */
import type { ErrorInfo } from "../../realtime/error-info.ts";
import { type ErrorKind, type TokenResponse, classifyError } from "../../realtime/errors.ts";
import type { State } from "./state.ts";

export type Problem = { title: string; detail: string; canRetry: boolean };

export function findProblem(state: State): Problem | undefined {
  const { connection, channel, isRoomInvalid } = state;
  if (connection.state === "connected") {
    if (channel.state === "failed") return describeRoomFailure(channel.error);
    if (channel.error?.code === ROOM_FULL) return ROOM_IS_FULL;
    return isRoomInvalid ? INVALID_ROOM : undefined;
  }
  const { error, response } = connection;
  const kind = error && classifyError(error, response);
  if (error && kind && !isDropped(connection, kind)) return describe(kind, error, response);
  if (connection.state === "suspended") return NO_CONNECTION;
  return undefined;
}

/** A dropped connection is normal, and the client reconnects: the status says so, no panel is needed. */
function isDropped({ state, error, response }: State["connection"], kind: ErrorKind): boolean {
  if (state === "failed") return false;
  if (state === "suspended") return kind === "ably-unreachable";
  // Without a token there was no connection yet. 404: the client tried every host and transport.
  const wasConnected = response === undefined && error?.statusCode !== 404;
  return (kind === "ably-unreachable" && wasConnected) || kind === "token-rejected";
}

/** https://github.com/ably/ably-common/blob/main/protocol/errors.json */
const ROOM_FULL = 91003;

const NO_CONNECTION: Problem = {
  title: "No connection for over two minutes",
  detail: "Check your network. This page keeps trying, and keeps what you send.",
  canRetry: true,
};

const ROOM_IS_FULL: Problem = {
  title: "This room is full",
  detail: "You can read and write, but the others do not see you in the list of people.",
  canRetry: false,
};

const INVALID_ROOM: Problem = {
  title: "Invalid room name",
  detail:
    "Start with a letter or digit, then use letters, digits, spaces and . _ -, up to 64 characters. This is the lobby.",
  canRetry: false,
};

function describeRoomFailure(error: ErrorInfo | undefined): Problem {
  const said = error ? quote(error) : "Ably gave no reason.";
  return { title: "This room could not be opened", detail: said, canRetry: true };
}

const TITLES: Record<ErrorKind, string> = {
  "key-not-set": "One step left: your Ably key",
  "function-refused": "The token function refused this page",
  "function-failed": "The token function failed",
  "function-missing": "The token function was not found",
  "function-crashed": "The token function crashed",
  "function-timeout": "The token function took too long",
  "site-protected": "This site asks for a password",
  "netlify-refused": "Netlify refused the token request",
  "site-unreachable": "This site cannot be reached",
  "too-many-requests": "Too many requests",
  clock: "The clock of the token function is wrong",
  "token-request-reused": "The token request was used before",
  "key-rejected": "Ably rejected the key of this site",
  "account-limit": "This site's Ably account has reached a limit",
  "account-blocked": "Ably has disabled this site's account or app",
  "sdk-too-old": "Ably does not accept this version of its SDK",
  "token-rejected": "Ably rejected the token",
  identity: "Ably rejected this client ID",
  "not-permitted": "The token does not permit this",
  "room-full": ROOM_IS_FULL.title,
  "too-many-rooms": "Too many rooms are open",
  "ably-trouble": "Ably has trouble",
  "ably-unreachable": "Ably cannot be reached",
  unknown: "Not connected",
};

const FUNCTION_LOG = "See its log: in Netlify, Logs → Functions, or the terminal of “npm run dev”.";

/** What to do. Kinds that are not listed quote the error. */
const ADVICE: Partial<Record<ErrorKind, string>> = {
  "function-missing":
    "Deploy the site with its functions. On your own computer, open the address in the box that “npm run dev” prints: Vite's own has no functions.",
  "function-crashed": FUNCTION_LOG,
  "function-timeout": `Netlify stopped waiting for it. ${FUNCTION_LOG}`,
  "site-protected": "Reload this page and enter the site's password.",
  "netlify-refused": "Check the firewall rules of this site in Netlify.",
  "site-unreachable": "Check your network. This page keeps trying, and keeps what you send.",
  "too-many-requests": "Wait a minute. This page then tries again by itself.",
  clock:
    "Ably does not accept its token requests. Set the clock of the computer that runs the function. WSL and containers can be late after sleep.",
  "token-request-reused":
    "A cache keeps the function's answers. Exclude /.netlify/functions/ from every cache.",
  "key-rejected":
    "Copy a current key from ably.com/accounts, set it as ABLY_API_KEY, and deploy or restart.",
  "account-limit": "See its limits and its usage at ably.com/accounts.",
  "account-blocked": "See ably.com/accounts, or ask Ably's support.",
  "sdk-too-old": "Run “npm install ably@latest”, then deploy or restart.",
  "ably-trouble": "See status.ably.com. This page keeps trying, and keeps what you send.",
  "ably-unreachable":
    "Check your network: it may be down, or block WebSockets. This page keeps trying, and keeps what you send.",
};

/** These kinds carry a sentence of the function's own, which says what to do. */
const OWN_WORDS: ErrorKind[] = ["key-not-set", "function-refused", "function-failed"];

function describe(kind: ErrorKind, error: ErrorInfo, response?: TokenResponse): Problem {
  const title = TITLES[kind];
  if (OWN_WORDS.includes(kind)) return { title, detail: error.message, canRetry: true };
  const advice = ADVICE[kind];
  const isNetlify = response?.from === "function" && !response.hasErrorCode;
  if (isNetlify) {
    const { status } = response;
    const words = advice ?? "Netlify answered instead of the token function.";
    return { title, detail: status ? `${words} (HTTP ${status})` : words, canRetry: true };
  }
  const detail = advice === undefined ? quote(error) : `${advice} (${error.code})`;
  return { title, detail, canRetry: true };
}

/** Blames nobody for an error that this page does not know. */
function quote({ code, message }: ErrorInfo): string {
  return code > 0 ? `${message} (${code}, see https://help.ably.io/error/${code})` : message;
}
