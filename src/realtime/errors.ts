/**
 * KEPT. What an error of Ably, of the token function or of Netlify means: its kind, and what helps.
 * classify.ts knows the answers of the function and of Netlify, and words.ts has the words for people.
 * https://github.com/ably/ably-common/blob/main/protocol/errors.json
 */
import type { ErrorInfo as AblyErrorInfo } from "ably";

export type ErrorInfo = Pick<AblyErrorInfo, "code" | "statusCode" | "message">;

/**
 * What helps. `heals`: time alone, so the page tries again by itself. `asks`: somebody has to do
 * something first. `ends`: this version of the page will never succeed.
 */
type Remedy = "heals" | "asks" | "ends";

const KINDS = {
  heals: {
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
  },
  asks: {
    clock: [40104],
    "token-request-reused": [40105],
    "key-rejected": [40005, 40101, 40130, 40131, 40132, 40133],
    "account-blocked": [40110, 40113, 40120, 40310, 40311, 40320, 40330, 40331, 40332],
    "token-rejected": [40140, 40141, 40142, 40143, 40144, 40145, 40171],
    identity: [40012, 40102, 80011],
    "not-permitted": [40160, 40161],
  },
  ends: { "sdk-too-old": [40017, 40023, 40168, 80024] },
} as const satisfies Record<Remedy, Record<string, readonly number[]>>;

/** These have no code of Ably, and ask. */
type KindWithoutCode =
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

type Kinds = typeof KINDS;
export type ErrorKind = { [R in Remedy]: keyof Kinds[R] }[Remedy] | KindWithoutCode;

const REMEDIES = new Map<string, Remedy>();
const KIND_OF_CODE = new Map<number, ErrorKind>();
for (const [remedy, kinds] of Object.entries(KINDS)) {
  for (const [kind, codes] of Object.entries(kinds)) {
    REMEDIES.set(kind, remedy as Remedy);
    for (const code of codes) KIND_OF_CODE.set(code, kind as ErrorKind);
  }
}

export function remedyOf(kind: ErrorKind): Remedy {
  return REMEDIES.get(kind) ?? "asks";
}

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

export function isTokenError(error: unknown): boolean {
  return asError(error).code === TOKEN_REQUEST_FAILED;
}

/** Returns true if the same operation may succeed later, without anyone doing anything. */
export function isTemporary({ code, statusCode }: ErrorInfo): boolean {
  const kind = kindOfCode(code);
  const isOfConnection = code >= 80_000 && code < 81_000;
  const isOfChannelMeanwhile = code >= 90_000 && code < 90_010;
  return (
    remedyOf(kind) === "heals" ||
    statusCode === 429 ||
    (kind === "unknown" && (isOfConnection || isOfChannelMeanwhile))
  );
}

/** Returns the kind of an error by its code alone. `classifyError` also knows who answered. */
export function kindOfCode(code: number): ErrorKind {
  const isTrouble = code >= 50_000 && code < 60_000;
  return KIND_OF_CODE.get(code) ?? (isTrouble ? "ably-trouble" : "unknown");
}

/** Calls code of the app. Its error must not stop a room: the browser reports it as any other. */
export function callApp(call: () => void): void {
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
