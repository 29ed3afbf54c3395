import { FetchRequest } from "ably/modular";

/** What a token takes: the function signs a request, and Ably gives a token for it. */
export type TokenStep =
  | { type: "signing" }
  /** `ms` is how long the function took, as the page saw it. */
  | { type: "signed" | "refused"; ms: number }
  /** Ably's token, and when it ends in ms since the epoch. The client renews it before that. */
  | { type: "token"; expires: number };

type Result = { error?: unknown; body?: unknown; headers?: Record<string, string> };

/** As ably-js calls its `FetchRequest` plugin, whose type it does not publish (its http.ts does). */
type Request = (
  method: unknown,
  client: unknown,
  url: string,
  headers: unknown,
  params: Record<string, unknown> | null,
  ...rest: unknown[]
) => Promise<Result & { unpacked?: boolean }>;

export const AUTH_URL = "/.netlify/functions/ably-token-request";

/** https://github.com/ably/ably-common/blob/main/protocol/errors.json: error from client token callback */
const NO_TOKEN_REQUEST = 40170;

const fetchRequest = FetchRequest as Request;

/**
 * ably-js's own way to fetch, with someone looking on: no event of the SDK tells when the function
 * works. Give the result as the `FetchRequest` plugin, or leave this file out and give the SDK's.
 */
export function watchTokenRequests(tell: (step: TokenStep) => void): unknown {
  const watched: Request = async (...request) => {
    const [, , url, , params] = request;
    if (url !== AUTH_URL) {
      const result = await fetchRequest(...request);
      const expires = url.endsWith("/requestToken") && readExpires(result.body);
      if (expires) tell({ type: "token", expires });
      return result;
    }
    tell({ type: "signing" });
    const ahead = await takeAhead(params?.clientId);
    if (ahead) {
      tell({ type: "signed", ms: ahead.ms });
      return { body: ahead.body, headers: {}, unpacked: true };
    }
    const startedAt = performance.now();
    const result = await fetchRequest(...request);
    result.error ??= refuseOtherThanTokens(result.headers?.["content-type"]);
    tell({ type: result.error ? "refused" : "signed", ms: performance.now() - startedAt });
    return result;
  };
  return watched;
}

/** The request that index.html asked for, once, if it is there and for this clientId. */
async function takeAhead(clientId: unknown) {
  const { tokenRequestAhead } = globalThis;
  globalThis.tokenRequestAhead = undefined;
  const ahead = await tokenRequestAhead;
  return ahead && ahead.clientId === clientId ? ahead : undefined;
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
