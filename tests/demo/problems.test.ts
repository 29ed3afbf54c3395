import { describe, expect, it } from "vitest";
import { describeConnection, findProblem } from "../../src/demo/state/problems.ts";
import { type State, initialState } from "../../src/demo/state/state.ts";
import type { ConnectionStatus } from "../../src/realtime/connect.ts";
import type { ErrorKind } from "../../src/realtime/errors.ts";

const start = initialState({ clientId: "me-1", name: "Me" }, "lobby", 0);

function having(connection: Partial<ConnectionStatus>, over: Partial<State> = {}): State {
  return { ...start, connection: { ...start.connection, ...connection }, ...over };
}

function failed(kind: ErrorKind, over: Partial<ConnectionStatus> = {}): State {
  const error = { code: 40199, statusCode: 401, message: "What the function or Ably said." };
  return having({ state: "disconnected", kind, error, ...over });
}

it.each([
  ["initialized", "Connecting…"],
  ["connecting", "Connecting…"],
  ["connected", "Opening the room…"],
  ["disconnected", "Connection lost, reconnecting…"],
  ["suspended", "No connection, retrying…"],
  ["closing", "Closed"],
  ["closed", "Closed"],
  ["failed", "Not connected"],
] as const)("describes a connection that is %s as %s", (state, words) => {
  expect(describeConnection(having({ state }))).toBe(words);
});

it("does not call it a lost connection if there never was a token", () => {
  expect(describeConnection(failed("key-not-set"))).toBe("Not connected");
});

it("says Connected only when the room is open", () => {
  const channel = { state: "attached", isContinuous: true } as const;
  expect(describeConnection(having({ state: "connected" }, { channel }))).toBe("Connected");
});

it("shows no problem while all is well, and while a short drop mends itself", () => {
  const dropped = { code: 80003, statusCode: 400, message: "Connection to server closed" };
  expect(findProblem(start)).toBeUndefined();
  expect(findProblem(having({ state: "connected" }))).toBeUndefined();
  expect(findProblem(having({ state: "disconnected" }))).toBeUndefined();
  expect(
    findProblem(having({ state: "disconnected", error: dropped, kind: "ably-unreachable" })),
  ).toBeUndefined();
});

describe("a problem with", () => {
  /** Who is to blame and what helps, and no one else. */
  it.each([
    ["key-not-set", /Ably key/, /What the function or Ably said/],
    ["function-refused", /function refused/, /What the function or Ably said/],
    ["function-failed", /function failed/, /What the function or Ably said/],
    ["function-missing", /function was not found/, /Deploy/],
    ["function-crashed", /function crashed/, /log/],
    ["function-timeout", /took too long/, /log/],
    ["site-protected", /password/, /Reload/],
    ["netlify-refused", /Netlify refused/, /firewall/],
    ["site-unreachable", /site cannot be reached/, /network/],
    ["too-many-requests", /Too many requests/, /Wait a minute/],
    ["clock", /clock/, /Set the clock/],
    ["token-request-reused", /used before/, /cache/],
    ["key-rejected", /rejected the key/, /ABLY_API_KEY/],
    ["account-limit", /reached a limit/, /ably\.com\/accounts/],
    ["account-blocked", /disabled/, /support/],
    ["token-rejected", /rejected the token/, /40199/],
    ["identity", /client ID/, /40199/],
    ["not-permitted", /does not permit/, /40199/],
    ["ably-trouble", /Ably has trouble/, /status\.ably\.com/],
    ["unknown", /Not connected/, /https:\/\/help\.ably\.io\/error\/40199/],
  ] as const)("%s names the cause and what to do", (kind, title, detail) => {
    const problem = findProblem(failed(kind, { state: "failed" }));
    expect(problem?.title).toMatch(title);
    expect(problem?.detail).toMatch(detail);
    expect(problem?.canRetry).toBe(true);
    const blamesKey = kind === "key-not-set" || kind === "key-rejected";
    expect(/key/i.test(`${problem?.title} ${problem?.detail}`)).toBe(blamesKey);
  });

  it("Netlify names the HTTP status in place of a code", () => {
    const response = { from: "function", status: 502, hasErrorCode: false } as const;
    expect(findProblem(failed("function-crashed", { response }))?.detail).toMatch(/\(HTTP 502\)$/);
    const teapot = { ...response, status: 418 };
    expect(findProblem(failed("unknown", { response: teapot }))?.detail).toBe(
      "Netlify answered instead of the token function. (HTTP 418)",
    );
  });

  it("an unknown code quotes it and blames nobody", () => {
    expect(findProblem(failed("unknown"))).toEqual({
      title: "Not connected",
      detail: "What the function or Ably said. (40199, see https://help.ably.io/error/40199)",
      canRetry: true,
    });
  });

  it("a network that blocks everything says so, also during the next attempt", () => {
    const error = { code: 80003, statusCode: 404, message: "Unable to connect" };
    for (const state of ["disconnected", "connecting"] as const) {
      const problem = findProblem(having({ state, error, kind: "ably-unreachable" }));
      expect(problem?.title).toBe("Ably cannot be reached");
    }
  });

  it("a long absence says that the page keeps trying", () => {
    const error = { code: 80002, statusCode: 400, message: "suspended" };
    const state = having({ state: "suspended", error, kind: "ably-unreachable" });
    expect(findProblem(state)?.title).toBe("No connection for over two minutes");
    expect(findProblem(having({ state: "suspended" }))?.detail).toMatch(/keeps trying/);
  });

  it("a room that Ably refused can be opened again", () => {
    const error = { code: 40160, statusCode: 401, message: "no capability" };
    const channel = { state: "failed", isContinuous: true, error } as const;
    expect(findProblem(having({ state: "connected" }, { channel }))).toEqual({
      title: "This room could not be opened",
      detail: "no capability (40160, see https://help.ably.io/error/40160)",
      canRetry: true,
    });
  });

  it("a full room is shown while the room is open", () => {
    const error = { code: 91003, statusCode: 400, message: "200 members" };
    const channel = { state: "attached", isContinuous: true, error } as const;
    const problem = findProblem(having({ state: "connected" }, { channel }));
    expect(problem).toMatchObject({ title: "This room is full", canRetry: false });
  });

  it("an invalid room name says which names are valid", () => {
    const state = having({ state: "connected" }, { isRoomInvalid: true });
    expect(findProblem(state)?.detail).toMatch(/up to 64 characters/);
  });

  it("the last attempt goes away once connected", () => {
    const { connection } = failed("key-not-set");
    expect(findProblem(having({ ...connection, state: "connected" }))).toBeUndefined();
  });
});
