import { FetchRequest } from "ably/modular";

/** What a token takes: the function signs a request, and Ably gives a token for it. */
export type TokenStep =
  | { type: "signing" }
  /** `ms` is how long the function took, as the page saw it. */
  | { type: "signed" | "refused"; ms: number }
  /** Ably's token, and when it ends in ms since the epoch. The client renews it before that. */
  | { type: "token"; expires: number };

type Request = (
  ...request: [method: unknown, client: unknown, url: string, ...rest: unknown[]]
) => Promise<{
  error?: unknown;
  body?: unknown;
  headers?: Record<string, string>;
}>;

export const AUTH_URL = "/.netlify/functions/ably-token-request";

/** https://github.com/ably/ably-common/blob/main/protocol/errors.json: error from client token callback */
const NO_TOKEN_REQUEST = 40170;

// The SDK does not publish this type; the plugin is called so in ably-js's http.ts.
const fetchRequest = FetchRequest as Request;

type Asked = { startedAt: number; answer: ReturnType<Request> };

/** The first request, where it went ahead of the client. */
let ahead: Asked | undefined;

/**
 * Asks the function at once, while the page has other things to do and no client yet. The client is
 * given the answer when it first asks. What that gains is in docs/speed.md; leave it out as you like.
 */
export function requestAhead(clientId: string): void {
  ahead = ask("get", null, AUTH_URL, {}, { clientId });
}

function ask(...request: Parameters<Request>): Asked {
  return { startedAt: performance.now(), answer: fetchRequest(...request) };
}

/**
 * ably-js's own way to fetch, with someone looking on: no event of the SDK tells when the function
 * works. Give the result as the `FetchRequest` plugin, or leave this file out and give the SDK's.
 */
export function watchTokenRequests(tell: (step: TokenStep) => void): unknown {
  const watched: Request = async (...request) => {
    const [, , url] = request;
    if (url !== AUTH_URL) {
      const result = await fetchRequest(...request);
      const expires = url.endsWith("/requestToken") && readExpires(result.body);
      if (expires) tell({ type: "token", expires });
      return result;
    }
    const { startedAt, answer } = ahead ?? ask(...request);
    ahead = undefined;
    tell({ type: "signing" });
    const result = await answer;
    result.error ??= refuseOtherThanTokens(result.headers?.["content-type"]);
    tell({ type: result.error ? "refused" : "signed", ms: performance.now() - startedAt });
    return result;
  };
  return watched;
}

/** A page in place of the function, as plain `vite` serves, would else be taken for a token. */
function refuseOtherThanTokens(contentType = "nothing") {
  if (/application\/j(son|wt)|text\/plain/.test(contentType)) return undefined;
  const message = `${contentType} came where a token request in JSON was expected`;
  return { code: NO_TOKEN_REQUEST, statusCode: 401, message };
}

function readExpires(body: unknown): number | undefined {
  const { expires } = (body ?? {}) as { expires?: unknown };
  return typeof expires === "number" ? expires : undefined;
}
