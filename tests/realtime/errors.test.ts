import { describe, expect, it } from "vitest";
import { classifyError, remedyOf } from "../../src/realtime/classify.ts";
import {
  type TokenResponse,
  isTemporary,
  isTokenRequestError,
  readError,
} from "../../src/realtime/errors.ts";

describe("readError", () => {
  it("returns the innermost cause, which is what the function or Ably answered", () => {
    const cause = { code: 40106, statusCode: 500, message: "no ABLY_API_KEY" };
    expect(readError({ code: 80019, statusCode: 401, message: "wrapped", cause })).toEqual(cause);
  });

  it("returns the error itself if its cause has no code of Ably's", () => {
    const error = { code: 80003, statusCode: 400, message: "closed", cause: new Error("socket") };
    expect(readError(error).code).toBe(80003);
  });

  it.each([undefined, null, "text", 5])("reads %j", (thrown) => {
    expect(readError(thrown)).toEqual({ code: 0, statusCode: 0, message: String(thrown) });
  });
});

it("knows the error that no token could be obtained", () => {
  expect(isTokenRequestError({ code: 80019 })).toBe(true);
  expect(isTokenRequestError({ code: 80003 })).toBe(false);
  expect(isTokenRequestError(undefined)).toBe(false);
});

describe("an error that time can heal", () => {
  it.each([
    // Connections and channels that are away.
    80000, 80001, 80002, 80003, 80009, 80014, 80017, 90001, 90007,
    // Rates and limits of Ably.
    40111, 40112, 40114, 40115, 40150, 40151, 42910, 42911, 42912, 42913, 42920, 42921, 42922,
    80020, 80021, 90010, 90021, 91003,
    // Ably has trouble.
    50000, 50001, 50003, 50010, 50320,
  ])("is %i", (code) => {
    expect(isTemporary({ code, statusCode: 400, message: "" })).toBe(true);
  });

  it.each([
    0, 40000, 40003, 40009, 40012, 40013, 40101, 40102, 40104, 40160, 40168, 80011, 80024, 93002,
  ])("is not %i", (code) => {
    expect(isTemporary({ code, statusCode: 400, message: "" })).toBe(false);
  });

  it("is any 429", () => {
    expect(isTemporary({ code: 40000, statusCode: 429, message: "" })).toBe(true);
  });
});

it.each([
  ["sdk-too-old", "ends"],
  ["key-not-set", "asks"],
  ["not-permitted", "asks"],
  ["account-limit", "heals"],
  ["room-full", "heals"],
  ["unknown", "asks"],
] as const)("knows that %s %s", (kind, remedy) => {
  expect(remedyOf(kind)).toBe(remedy);
});

const fromAbly: TokenResponse = { from: "ably", status: 401, hasErrorCode: true };

describe("an answer of Ably's", () => {
  // https://github.com/ably/ably-common/blob/main/protocol/errors.json
  it.each([
    ["clock", [40104]],
    ["token-request-reused", [40105]],
    ["key-rejected", [40005, 40101, 40130, 40131, 40132, 40133]],
    ["account-limit", [40111, 40112, 40114, 40150, 40151]],
    ["account-blocked", [40110, 40113, 40120, 40310, 40311, 40320, 40330, 40331, 40332]],
    ["sdk-too-old", [40017, 40023, 40168, 80024]],
    ["token-rejected", [40140, 40141, 40142, 40143, 40144, 40145, 40171]],
    ["identity", [40012, 40102, 80011]],
    ["not-permitted", [40160, 40161]],
    ["too-many-requests", [40115, 42910, 42911, 42912, 42920, 42921, 80020, 80021, 90021]],
    ["ably-trouble", [50000, 50001, 50002, 50003, 50004, 50010, 50210, 50310, 50320, 50330, 50410]],
    ["ably-unreachable", [80000, 80001, 80002, 80003, 80014]],
    ["unknown", [40000, 40003, 40013, 40100, 40103, 40300, 40500, 70000, 99999]],
  ] as const)("is %s", (kind, codes) => {
    for (const code of codes) {
      const error = { code, statusCode: Math.floor(code / 100), message: "" };
      expect([code, classifyError(error, fromAbly)]).toEqual([code, kind]);
      expect([code, classifyError(error)]).toEqual([code, kind]);
    }
  });

  it("rejects the key if its app is unknown, but only for a token", () => {
    const error = { code: 40400, statusCode: 404, message: "" };
    expect(classifyError(error, fromAbly)).toBe("key-rejected");
    expect(classifyError(error)).toBe("unknown");
  });

  it("is trouble at Ably's side if it has no code, and unreachable if there is none", () => {
    const error = { code: 40170, statusCode: 401, message: "" };
    const htmlFromAbly = { from: "ably", status: 502, hasErrorCode: false } as const;
    expect(classifyError(error, htmlFromAbly)).toBe("ably-trouble");
    expect(classifyError(error, { from: "ably", hasErrorCode: false })).toBe("ably-unreachable");
  });
});

describe("an answer of the function's own", () => {
  it.each([
    ["key-not-set", 40106, 500],
    ["key-not-set", 40101, 500],
    ["function-refused", 40012, 403],
    ["function-refused", 40101, 403],
    ["function-refused", 40300, 403],
    ["function-failed", 50000, 500],
    ["unknown", 40500, 405],
  ] as const)("is %s for %i with %i", (kind, code, status) => {
    const response = { from: "function", status, hasErrorCode: true } as const;
    expect(classifyError({ code, statusCode: status, message: "" }, response)).toBe(kind);
  });
});

describe("an answer of Netlify's in place of the function", () => {
  it.each([
    ["site-protected", 401],
    ["netlify-refused", 403],
    ["function-missing", 404],
    ["function-missing", 200],
    ["too-many-requests", 429],
    ["function-crashed", 500],
    ["function-crashed", 502],
    ["function-crashed", 503],
    ["function-timeout", 504],
    ["site-unreachable", undefined],
    ["unknown", 418],
  ] as const)("is %s for %s", (kind, status) => {
    const response = { from: "function", status, hasErrorCode: false } as const;
    const error = { code: 40170, statusCode: 401, message: "" };
    expect(classifyError(error, response)).toBe(kind);
  });
});
