/**
 * KEPT. The two HTTP requests behind each token: the function signs, and Ably exchanges. It times
 * them for a page that shows them, and remembers who answered, so that an error names the right
 * cause. Without it, delete token.ts too, their tests, and the lines that end with "delete with" and
 * their names: an error of the function then reads as one of Ably.
 */
import { FetchRequest } from "ably/modular";
import { type TokenResponse, isTokenRequestError } from "./errors.ts";

export type TokenStep =
  | { type: "function-called" }
  /** The call ended, after `ms`. `isSigned`: with a token request or a token. */
  | { type: "function-answered"; ms: number; isSigned: boolean }
  /** Ably exchanged the token request for a token, which ends at `expires`, ms since the epoch. */
  | { type: "token-issued"; ms: number; expires: number };

/** The `FetchRequest` plugin of ably-js, whose type it does not publish: see fetchrequest.ts there. */
type Fetch = (method: unknown, client: unknown, url: string, ...rest: unknown[]) => Promise<Result>;
type Result = {
  error?: unknown;
  body?: unknown;
  headers?: Record<string, string>;
  statusCode?: number;
  /** The body has been read as its content type says. */
  unpacked?: boolean;
};

const fetchRequest = FetchRequest as Fetch;

export class TokenRequests {
  lastResponse: TokenResponse | undefined;
  readonly #authUrl: string | undefined;
  readonly #report: (step: TokenStep) => void;

  /** Gets each token that Ably issues. */
  onToken: (token: unknown) => void = () => {};

  constructor(authUrl: string, report: (step: TokenStep) => void) {
    // The SDK sends its query apart.
    [this.#authUrl] = authUrl.split("?", 1);
    this.#report = report;
  }

  /** Returns who answered, if the error is that no token could be obtained. */
  responseTo(error: unknown): TokenResponse | undefined {
    return isTokenRequestError(error) ? this.lastResponse : undefined;
  }

  /** Give it to the client as its `FetchRequest` plugin. */
  readonly fetch: Fetch = (...request) => {
    const [, , url] = request;
    if (url === this.#authUrl) return this.#callFunction(request);
    return url.endsWith("/requestToken") ? this.#exchange(request) : fetchRequest(...request);
  };

  async #callFunction(request: Parameters<Fetch>): Promise<Result> {
    this.lastResponse = { from: "function", hasErrorCode: false };
    this.#report({ type: "function-called" });
    const startedAt = performance.now();
    const result = await fetchRequest(...request);
    this.lastResponse = readResponse("function", result);
    // `unpacked: false` makes ably-js refuse it. It would take any text for a token, such as the page
    // that plain `vite` serves here.
    const isSignedType = /json|jwt|plain/.test(result.headers?.["content-type"] ?? "");
    if (!isSignedType) result.unpacked = false;
    const isSigned = isSignedType && !result.error;
    this.#report({ type: "function-answered", ms: performance.now() - startedAt, isSigned });
    return result;
  }

  async #exchange(request: Parameters<Fetch>): Promise<Result> {
    this.lastResponse = { from: "ably", hasErrorCode: false };
    const startedAt = performance.now();
    const result = await fetchRequest(...request);
    this.lastResponse = readResponse("ably", result);
    const { expires } = Object(result.body) as { expires?: unknown };
    if (result.error || typeof expires !== "number") return result;
    this.onToken(result.body);
    this.#report({ type: "token-issued", ms: performance.now() - startedAt, expires });
    return result;
  }
}

function readResponse(from: TokenResponse["from"], { headers, statusCode }: Result): TokenResponse {
  return { from, status: statusCode, hasErrorCode: headers?.["x-ably-errorcode"] !== undefined };
}
