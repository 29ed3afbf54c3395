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

/** https://github.com/ably/ably-common/blob/main/protocol/errors.json: error from client token callback */
const NO_TOKEN_REQUEST = 40170;

/**
 * ably-js's own way to fetch, with someone looking on: no event of the SDK tells when the function
 * works. Give the result as the `FetchRequest` plugin, or leave this file out and give the SDK's.
 */
export function watchTokenRequests(authUrl: string, tell: (step: TokenStep) => void): unknown {
  // The SDK does not publish this type; the plugin is called so in ably-js's http.ts.
  const fetchRequest = FetchRequest as Request;

  const watched: Request = async (...request) => {
    const [, , url] = request;
    const isForFunction = url === authUrl;
    const startedAt = performance.now();
    if (isForFunction) tell({ type: "signing" });
    const result = await fetchRequest(...request);
    if (isForFunction) result.error ??= refuseOtherThanTokens(result.headers?.["content-type"]);
    const ms = performance.now() - startedAt;
    if (isForFunction) tell({ type: result.error ? "refused" : "signed", ms });
    const expires = url.endsWith("/requestToken") && readExpires(result.body);
    if (expires) tell({ type: "token", expires });
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
  const details = (typeof body === "string" ? JSON.parse(body) : body) as
    | { expires?: unknown }
    | undefined;
  return typeof details?.expires === "number" ? details.expires : undefined;
}
