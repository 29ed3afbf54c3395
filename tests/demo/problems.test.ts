import { expect, it } from "vitest";
import { describeConnection } from "../../src/demo/state/connection.ts";
import { findProblem } from "../../src/demo/state/problems.ts";
import { type State, initialState } from "../../src/demo/state/state.ts";

const start = initialState({ clientId: "me-1", name: "Me" }, false, 0);
const connected: Partial<State> = { connection: { state: "connected" } };

it.each([
  ["initialized", "Connecting…"],
  ["connecting", "Connecting…"],
  ["connected", "Opening the room…"],
  ["disconnected", "Not connected"],
  ["suspended", "No connection, retrying…"],
  ["closing", "Closed"],
  ["closed", "Closed"],
  ["failed", "Not connected"],
] as const)("describes a connection that is %s as %s", (state, words) => {
  expect(describeConnection({ state }, "initialized")).toBe(words);
});

it("calls it a lost connection only if the room was open", () => {
  const error = { code: 80003, statusCode: 404, message: "No host answers." };
  const lost = { state: "disconnected", error } as const;
  expect(describeConnection(lost, "attached")).toBe("Connection lost, reconnecting…");
  expect(describeConnection(lost, "attaching")).toBe("Not connected");
});

it("says Connected only when the room is open", () => {
  expect(describeConnection({ state: "connected" }, "attached")).toBe("Connected");
  expect(describeConnection({ state: "connected" }, "failed")).toBe("Room not open");
});

it("shows what is wrong with the connection, else with the room, else with the link", () => {
  const error = { code: 40160, statusCode: 401, message: "no capability" };
  const room = { state: "failed", isContinuous: true, error } as const;
  expect(findProblem(start)).toBeUndefined();
  expect(findProblem({ ...start, connection: { state: "suspended" }, room })?.title).toMatch(
    /No connection/,
  );
  expect(findProblem({ ...start, ...connected, room })?.title).toMatch(/room could not be opened/);
  expect(findProblem({ ...start, ...connected, isRoomInvalid: true })?.detail).toMatch(
    /up to 64 characters/,
  );
  expect(findProblem({ ...start, ...connected })).toBeUndefined();
});
