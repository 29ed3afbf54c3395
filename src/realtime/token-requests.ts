import { FetchRequest } from "ably/modular";

/** What a token takes: the function signs a request, and Ably gives a token for it. */
export type TokenStep =
  | { type: "signing" }
  /** `ms` is how long the function took, as the page saw it. */
  | { type: "signed" | "refused"; ms: number }
  /** Ably's token, and when it ends in ms since the epoch. The client renews it before that. */
  | { type: "token"; expires: number };

/** As ably-js calls its `FetchRequest` plugin, whose type it does not publish (its http.ts does). */
type Request = (
  method: unknown,
  client: unknown,
  url: string,
  headers: unknown,
  params: Record<string, unknown> | null,
  ...rest: unknown[]
) => Promise<{
  error?: unknown;
  body?: unknown;
  headers?: Record<string, string>;
  /** Whether the body has been read as what its content type says. */
  unpacked?: boolean;
}>;

export const AUTH_URL = "/.netlify/functions/ably-token-request";

const MAX_AGE_MS = 60_000;

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
    // A page in place of the function, as plain `vite` serves: ably-js would take it for a token,
    // and says what is wrong only where it has the text to read by itself.
    const isToken = /json|jwt|plain/.test(result.headers?.["content-type"] ?? "");
    if (!isToken) result.unpacked = false;
    const type = isToken && !result.error ? "signed" : "refused";
    tell({ type, ms: performance.now() - startedAt });
    return result;
  };
  return watched;
}

/**
 * The request that index.html asked for, once, if it is there and for this clientId. A laptop may
 * have slept since: Ably takes none that is two minutes old.
 */
async function takeAhead(clientId: unknown) {
  const { tokenRequestAhead } = globalThis;
  globalThis.tokenRequestAhead = undefined;
  const ahead = await tokenRequestAhead;
  const isFresh = ahead && Date.now() - ahead.askedAt < MAX_AGE_MS;
  return isFresh && ahead.clientId === clientId ? ahead : undefined;
}

function readExpires(body: unknown): number | undefined {
  const { expires } = (body ?? {}) as { expires?: unknown };
  return typeof expires === "number" ? expires : undefined;
}
