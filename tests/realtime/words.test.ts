import { describe, expect, it } from "vitest";
import type { ConnectionStatus } from "../../src/realtime/index.ts";
import type { TokenResponse } from "../../src/realtime/errors.ts";
import { describeError, describeRoomError } from "../../src/realtime/words.ts";

const MESSAGE = "What the function or Ably said.";

/** No token could be obtained: the function, Netlify in front of it, or Ably answered so. */
function failed(code: number, response: TokenResponse): ConnectionStatus {
  const error = { code, statusCode: response.status ?? 401, message: MESSAGE };
  return { state: "disconnected", error, response };
}

const byFunction = (code: number, status: number) =>
  failed(code, { from: "function", status, hasErrorCode: true });
const byNetlify = (status?: number) =>
  failed(40170, { from: "function", status, hasErrorCode: false });
const byAbly = (code: number) => failed(code, { from: "ably", status: 401, hasErrorCode: true });

it("finds no problem while all is well, and while a short drop heals", () => {
  const dropped = { code: 80003, statusCode: 400, message: "Connection to server closed" };
  expect(describeError({ state: "initialized" })).toBeUndefined();
  expect(describeError({ state: "connected" })).toBeUndefined();
  expect(describeError({ state: "disconnected" })).toBeUndefined();
  expect(describeError({ state: "disconnected", error: dropped })).toBeUndefined();
  const closed = { code: 80017, statusCode: 400, message: "Connection closed" };
  expect(describeError({ state: "closed", error: closed })).toBeUndefined();
  expect(describeError({ state: "connecting", error: closed })).toBeUndefined();
});

describe("a problem with", () => {
  it.each([
    ["no key", byFunction(40106, 500), /Ably key/, MESSAGE],
    ["a malformed key", byFunction(40101, 500), /Ably key/, MESSAGE],
    ["a refusal of the function", byFunction(40012, 403), /function refused/, MESSAGE],
    ["a failure of the function", byFunction(50000, 500), /function failed/, MESSAGE],
    ["no function", byNetlify(404), /not found/, /Deploy .* \(HTTP 404\)$/],
    [
      "a page in place of the function",
      byNetlify(200),
      /not found/,
      /the box that “npm run dev” prints/,
    ],
    ["a crash", byNetlify(502), /function crashed/, /log.* \(HTTP 502\)$/],
    ["a timeout", byNetlify(504), /took too long/, /log/],
    ["a password", byNetlify(401), /password/, /Reload/],
    ["a firewall", byNetlify(403), /Netlify refused/, /firewall/],
    ["Netlify's rate limit", byNetlify(429), /Too many requests/, /Wait a minute/],
    [
      "a status that nobody knows",
      byNetlify(418),
      /^Not connected$/,
      /^Netlify answered.*HTTP 418/,
    ],
    ["no network", byNetlify(), /site cannot be reached/, /network/],
    ["a wrong clock", byAbly(40104), /clock/, /Set the clock/],
    ["a cache", byAbly(40105), /used before/, /cache/],
    ["a revoked key", byAbly(40131), /rejected the key/, /ABLY_API_KEY/],
    ["Ably's rate limit", byAbly(42910), /Too many requests/, /Wait a minute/],
    [
      "a limit of the account",
      byAbly(40111),
      /reached a limit/,
      /keeps trying.*ably\.com\/accounts/,
    ],
    ["a disabled app", byAbly(40120), /disabled/, /support/],
    ["an old SDK", byAbly(40168), /version of its SDK/, /ably\.com\/docs\/sdks/],
    ["another client ID", byAbly(40102), /client ID/, /40102/],
    ["trouble at Ably", byAbly(50003), /Ably has trouble/, /status\.ably\.com/],
    [
      "no answer of Ably's",
      failed(40170, { from: "ably", hasErrorCode: false }),
      /Ably cannot be reached/,
      /network/,
    ],
    ["an unknown code", byAbly(40199), /^Not connected$/, /help\.ably\.io\/error\/40199/],
  ] as const)("%s names the cause and what to do", (what, status, title, detail) => {
    const problem = describeError(status);
    expect(problem?.title).toMatch(title);
    expect(problem?.detail).toMatch(detail);
    expect(problem?.canRetry).toBe(what !== "an old SDK");
    const words = `${problem?.title} ${problem?.detail.replace(MESSAGE, "")}`;
    expect(/\bkey\b/i.test(words)).toBe(/key/.test(what));
  });

  it("an unknown code quotes it and blames nobody", () => {
    expect(describeError(byAbly(40199))).toEqual({
      title: "Not connected",
      detail: `${MESSAGE} (40199, see https://help.ably.io/error/40199)`,
      canRetry: true,
    });
  });

  it("a rejected token is shown only if it ended the connection", () => {
    const error = { code: 40142, statusCode: 401, message: "Token expired" };
    expect(describeError({ state: "disconnected", error })).toBeUndefined();
    expect(describeError({ state: "failed", error })?.title).toMatch(/rejected the token/);
  });

  it("a network that blocks everything says so, also during the next attempt", () => {
    const error = { code: 80003, statusCode: 404, message: "Unable to connect" };
    for (const state of ["disconnected", "connecting"] as const) {
      const problem = describeError({ state, error });
      expect(problem?.title).toBe("Ably cannot be reached");
    }
  });

  it("a long absence says that the page keeps trying", () => {
    const error = { code: 80002, statusCode: 400, message: "suspended" };
    expect(describeError({ state: "suspended", error })?.title).toBe(
      "No connection for over two minutes",
    );
    expect(describeError({ state: "suspended" })?.detail).toMatch(/keeps trying/);
  });

  it("a room that Ably refused can be opened again", () => {
    const error = { code: 40160, statusCode: 401, message: "no capability" };
    expect(describeRoomError({ state: "failed", isContinuous: true, error })).toEqual({
      title: "This room could not be opened",
      detail: "no capability (40160, see https://help.ably.io/error/40160)",
      canRetry: true,
    });
  });

  it("too many open rooms says that the page tries again", () => {
    const error = { code: 90010, statusCode: 400, message: "200 channels" };
    const problem = describeRoomError({ state: "failed", isContinuous: true, error });
    expect(problem?.title).toBe("Too many rooms are open");
    expect(problem?.detail).toMatch(/tries again by itself/);
  });

  it("a full room is shown while the room is open, and heals by itself", () => {
    const error = { code: 91003, statusCode: 400, message: "200 members" };
    const problem = describeRoomError({ state: "attached", isContinuous: true, error });
    expect(problem).toMatchObject({ title: "This room is full", canRetry: false });
    expect(problem?.detail).toMatch(/by itself/);
    expect(describeRoomError({ state: "attached", isContinuous: true })).toBeUndefined();
  });

  it("the last attempt goes away once connected", () => {
    const status = byFunction(40106, 500);
    expect(describeError({ ...status, state: "connected" })).toBeUndefined();
  });
});
