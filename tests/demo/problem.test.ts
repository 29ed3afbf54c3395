import { describe, expect, it } from "vitest";
import { describeConnection, findProblem } from "../../src/demo/problem.ts";
import { type State, initialState } from "../../src/demo/state.ts";
import type { ConnectionStatus } from "../../src/realtime/connect.ts";

const start = initialState({ clientId: "me-1", name: "Me" }, "lobby", 0);

function having(connection: Partial<ConnectionStatus>, over: Partial<State> = {}): State {
  return { ...start, connection: { ...start.connection, ...connection }, ...over };
}

function token(code: number, statusCode: number, message: string): State {
  const fault = { code, statusCode, message };
  return having({ state: "disconnected", isTokenFault: true, fault });
}

it.each([
  ["initialized", "Connecting…"],
  ["connecting", "Connecting…"],
  ["connected", "Opening the room…"],
  ["disconnected", "Connection lost, trying again…"],
  ["suspended", "Still no connection, trying every 30 s"],
  ["closing", "Closed"],
  ["closed", "Closed"],
  ["failed", "Not connected"],
] as const)("says %s in words", (state, words) => {
  expect(describeConnection(having({ state }))).toBe(words);
});

it("does not speak of a loss where no token could be had", () => {
  expect(describeConnection(token(40106, 500, "no key"))).toBe("Not connected");
});

it("says Connected only when the room is open", () => {
  const channel = { state: "attached", isContinuous: true } as const;
  expect(describeConnection(having({ state: "connected" }, { channel }))).toBe("Connected");
});

describe("a problem", () => {
  it("is none while all is well, or while a short drop mends itself", () => {
    expect(findProblem(start)).toBeUndefined();
    expect(findProblem(having({ state: "connected" }))).toBeUndefined();
    expect(findProblem(having({ state: "disconnected" }))).toBeUndefined();
  });

  it("with the key shows the function's own message", () => {
    const problem = findProblem(token(40106, 500, "This site has no ABLY_API_KEY yet. Do this."));
    expect(problem).toEqual({
      title: "One step left: your Ably key",
      detail: "This site has no ABLY_API_KEY yet. Do this.",
      canRetry: true,
    });
    expect(findProblem(token(40101, 500, "malformed"))?.detail).toBe("malformed");
  });

  it("with a key that Ably refuses says so and what to check", () => {
    const problem = findProblem(token(40101, 401, "Invalid credentials."));
    expect(problem?.title).toBe("Ably refused the key of this site");
    expect(problem?.detail).toMatch(/Ably said: Invalid credentials\. .*ABLY_API_KEY/);
  });

  it("with a function that cannot be reached names the command", () => {
    expect(findProblem(token(40170, 401, "Failed to fetch"))?.detail).toMatch(/npm run dev/);
  });

  it("with an Ably that cannot be reached does not blame the function, which has signed", () => {
    const state = token(40170, 401, "Failed to fetch");
    const path = { ...state.path, runs: 1 };
    expect(findProblem({ ...state, path })?.title).toBe("Ably cannot be reached");
    const refused = { ...path, function: "refused" } as const;
    expect(findProblem({ ...state, path: refused })?.title).toMatch(
      /token function did not answer/,
    );
  });

  it("with a full room is told while the room is open", () => {
    const fault = { code: 91003, statusCode: 400, message: "200 members are here." };
    const channel = { state: "attached", isContinuous: true, fault } as const;
    expect(findProblem(having({ state: "connected" }, { channel }))).toEqual({
      title: "This room is full",
      detail: "You can read and write, but the others do not see you on their list.",
      canRetry: false,
    });
    const missed = { ...channel, fault: { ...fault, code: 90003 } };
    expect(findProblem(having({ state: "connected" }, { channel: missed }))).toBeUndefined();
  });

  it("with a 403 shows what the function said", () => {
    const state = token(40012, 403, "The clientId was refused: it is blank.");
    expect(findProblem({ ...state, connection: { ...state.connection, state: "failed" } })).toEqual(
      {
        title: "The token function refused this page",
        detail: "The clientId was refused: it is blank.",
        canRetry: true,
      },
    );
  });

  it("goes away once connected, whatever was before", () => {
    const { connection } = token(40106, 500, "no key");
    expect(findProblem(having({ ...connection, state: "connected" }))).toBeUndefined();
  });

  it("with a network that lets no WebSocket through says that, also while trying again", () => {
    const fault = { code: 80003, statusCode: 404, message: "Unable to connect" };
    for (const state of ["disconnected", "connecting"] as const) {
      expect(findProblem(having({ state, fault }))?.title).toBe("Ably cannot be reached");
    }
    expect(findProblem(having({ state: "suspended", fault }))?.title).toMatch(/over two minutes/);
  });

  it.each([
    [
      "failed",
      having({ state: "failed", fault: { code: 80000, statusCode: 400, message: "m" } }),
      /m/,
    ],
    ["suspended", having({ state: "suspended" }), /network/],
    [
      "a refused room",
      having(
        { state: "connected" },
        {
          channel: {
            state: "failed",
            isContinuous: true,
            fault: { code: 40160, statusCode: 401, message: "no capability" },
          },
        },
      ),
      /no capability/,
    ],
    ["a room that cannot be", having({}, { wrongRoom: true }), /This is the lobby/],
  ])("has a sentence for %s", (_what, state, sentence) => {
    expect(findProblem(state)?.detail).toMatch(sentence);
  });
});
