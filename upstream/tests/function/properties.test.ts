/** What holds for the function whatever it is asked, and however it is set up. */
import type { Context } from "@netlify/functions";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ROOT } from "../../../tests/support/copy.ts";
import ablyTokenRequest from "../../../netlify/functions/ably-token-request/index.ts";

const RUNS = 10_000;
const URL_ = "https://site.example/.netlify/functions/ably-token-request";
/** Shorter pieces of a secret could be in an answer by chance. */
const PIECE_LENGTH = 8;

const CAPABILITY = { "room:*": ["history", "presence", "publish", "subscribe"] };

const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom("", " ", "*", "**", "a*", "[*]*", "\u0000", "a\nb", "null", "__proto__", "%00"),
);
const query = fc.array(
  fc.tuple(
    fc.oneof(
      fc.constantFrom("clientId", "capability", "ttl", "timestamp", "nonce", "keyName", "key"),
      hostile,
    ),
    fc.oneof(hostile, fc.constantFrom('{"*":["*"]}', "999999999", "NaN", "-1", "other.key")),
  ),
  { maxLength: 5 },
);
const rawQuery = fc.oneof(
  query.map((pairs) => new URLSearchParams(pairs).toString()),
  fc.webQueryParameters(),
);
const method = fc.oneof(
  fc.constantFrom("GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"),
  fc.stringMatching(/^[A-Z]{1,8}$/).filter((name) => !/^(CONNECT|TRACE|TRACK)$/.test(name)),
);
const headers = fc.dictionary(
  fc.oneof(
    fc.constantFrom("sec-fetch-site", "origin", "host", "authorization", "x-ably-clientid"),
    fc.stringMatching(/^[a-z][a-z-]{0,20}$/),
  ),
  fc.oneof(
    fc.constantFrom("cross-site", "same-origin", "none", "https://evil.example", "*"),
    fc.stringMatching(/^[ -~]{0,50}$/),
  ),
  { maxKeys: 4 },
);
const secret = fc.stringMatching(/^[A-Za-z0-9_-]{16,40}$/);
const key = fc
  .tuple(
    fc.constantFrom(".", "", " .", "..", ".é"),
    fc.constantFrom(":", "", " ", "::", ": "),
    secret,
  )
  .map(([dot, colon, hidden]) => ({ value: `appId${dot}keyId${colon}${hidden}`, hidden }));
const goodKey = secret.map((hidden) => ({ value: `appId.keyId:${hidden}`, hidden }));
const env = fc.record({
  key: fc.oneof(goodKey, key, fc.constantFrom({ value: "", hidden: "" })),
  DEFAULT_CLIENT_ID: fc.option(hostile, { nil: undefined }),
  NETLIFY_DEV: fc.constantFrom(undefined, "true", "false"),
});

const logged: string[] = [];

beforeAll(() => {
  // Where local Ably is, as the functions run.
  process.chdir(ROOT);
  for (const name of ["log", "info", "warn", "debug"] as const) {
    vi.spyOn(console, name).mockImplementation((...args) => void logged.push(args.join(" ")));
  }
});

afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function piecesOf(text: string): string[] {
  return Array.from({ length: text.length - PIECE_LENGTH + 1 }, (_, i) =>
    text.slice(i, i + PIECE_LENGTH),
  );
}

it(`answers well, and gives nothing away, in ${RUNS} cases`, { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(rawQuery, method, headers, env, async (search, verb, head, vars) => {
      logged.length = 0;
      vi.mocked(console.error).mockClear();
      vi.stubEnv("ABLY_API_KEY", vars.key.value);
      vi.stubEnv("DEFAULT_CLIENT_ID", vars.DEFAULT_CLIENT_ID?.replaceAll("\u0000", ""));
      vi.stubEnv("NETLIFY_DEV", vars.NETLIFY_DEV);
      const request = new Request(`${URL_}?${search}`, { method: verb, headers: head });
      const response = await ablyTokenRequest(request, {} as Context);
      const text = await response.text();

      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect([200, 204, 403, 405, 500]).toContain(response.status);
      if (response.status === 200 && verb !== "HEAD") expectTokenRequest(JSON.parse(text));
      if (response.status >= 400) expectError(response, verb === "HEAD" ? undefined : text);

      const said = [
        text,
        ...[...response.headers].flat(),
        ...logged,
        ...vi.mocked(console.error).mock.calls.flat(),
      ].join("\n");
      for (const piece of piecesOf(vars.key.hidden)) expect(said).not.toContain(piece);
    }),
    { numRuns: RUNS },
  );
});

function expectTokenRequest(body: Record<string, string>): void {
  expect(Object.keys(body).toSorted()).toEqual(
    ["capability", "clientId", "keyName", "mac", "nonce", "timestamp"].toSorted(),
  );
  expect(JSON.parse(body.capability ?? "")).toEqual(CAPABILITY);
  expect(["appId.keyId", "local.dev"]).toContain(body.keyName);
  expect(body.clientId).not.toBe("*");
  expect(body.clientId?.trim()).not.toBe("");
  expect(body.clientId).not.toMatch(/\p{Cc}/u);
}

/** Ably's shape, with the header without which ably-js does not read it. */
function expectError({ status, headers }: Response, text: string | undefined): void {
  const code = headers.get("x-ably-errorcode");
  expect(code).toMatch(/^\d{5}$/);
  if (text === undefined) return;
  const { error } = JSON.parse(text) as { error: Record<string, unknown> };
  expect(error).toEqual({
    code: Number(code),
    statusCode: status,
    message: expect.stringMatching(/\w{3}.*\.$/),
    href: `https://help.ably.io/error/${code}`,
  });
}
