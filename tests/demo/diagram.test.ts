import { describe, expect, it } from "vitest";
import {
  type Diagram,
  type StepName,
  afterTrace,
  createDiagramFollower,
  formatMs,
  initialDiagram,
  summarize as summarizeInWords,
  summarizeBriefly as summarizeBrieflyInWords,
} from "../../src/demo/state/diagram.ts";
import type { TraceEvent } from "../../src/demo/state/state.ts";
import type { Words } from "../../src/demo/state/words.ts";
import type { ConnectionStatus, RoomStatus } from "../../src/realtime/index.ts";

const textOf = (words: Words) =>
  words.map((part) => (typeof part === "string" ? part : Object.values(part).join(""))).join("");
const summarize = (diagram: Diagram, now: number) => textOf(summarizeInWords(diagram, now));
const summarizeBriefly = (diagram: Diagram, now: number) =>
  textOf(summarizeBrieflyInWords(diagram, now));

type Change = (diagram: Diagram) => Diagram;

const step =
  (event: TraceEvent, timestamp = 0): Change =>
  (diagram) =>
    afterTrace(diagram, { number: 1, timestamp, event });
const connection = (
  state: ConnectionStatus["state"],
  now: number,
  over: Partial<ConnectionStatus> = {},
): Change => step({ type: "step", step: { type: "state", state, isRenewal: false, ...over } }, now);
const called = step({ type: "step", step: { type: "function-called" } });
const answered = (ms: number, isSigned = true): Change =>
  step({ type: "step", step: { type: "function-answered", ms, isSigned } });
const issued = (now: number): Change =>
  step({ type: "step", step: { type: "token-issued", ms: 60, expires: 9_000 } }, now);
const reused = step({ type: "step", step: { type: "token-reused", expires: 9_000 } });
const room = (state: RoomStatus["state"], now: number): Change =>
  step({ type: "room", status: { state, isContinuous: true } }, now);
const attached = (now: number): Change => room("attached", now);
const after = (...changes: Change[]) =>
  changes.reduce((diagram, change) => change(diagram), initialDiagram);
const statesOf = ({ steps }: Diagram) =>
  Object.fromEntries(Object.entries(steps).map(([name, { state }]) => [name, state])) as Record<
    StepName,
    string
  >;

const firstVisit = [
  connection("connecting", 0),
  called,
  answered(41),
  issued(100),
  connection("connected", 180),
  attached(200),
] as const;

describe("a first visit", () => {
  it("lights each step as it happens, with its time", () => {
    const states = (count: number) => statesOf(after(...firstVisit.slice(0, count)));
    expect(states(2)).toMatchObject({ function: "active", token: "idle", socket: "idle" });
    expect(states(3)).toMatchObject({ function: "done", token: "active", socket: "idle" });
    expect(summarize(after(...firstVisit.slice(0, 2)), 1)).toBe(
      "The function is running. Your WebSocket waits for a token.",
    );
    expect(states(4)).toMatchObject({ token: "done", socket: "active", channel: "idle" });
    expect(states(5)).toMatchObject({ socket: "done", channel: "active" });
    expect(after(...firstVisit).steps).toMatchObject({
      function: { state: "done", ms: 41 },
      token: { state: "done", ms: 60 },
      socket: { state: "done", ms: 80 },
      channel: { state: "done", ms: 20 },
    });
  });

  it("ends in the sentence that is the point of it, which counts", () => {
    const diagram = after(...firstVisit);
    expect(summarize(diagram, 180)).toBe(
      "The function ran for 41 ms. Your WebSocket has been open for 0 s.",
    );
    expect(summarize(diagram, 180 + 200_000)).toBe(
      "The function ran for 41 ms. Your WebSocket has been open for 3 min 20 s.",
    );
    expect(summarizeBriefly(diagram, 180 + 200_000)).toBe(
      "Function ran 41 ms · WebSocket open for 3 min 20 s",
    );
  });
});

it("shows that a tab with a token needs no function", () => {
  const diagram = after(reused, connection("connecting", 0), connection("connected", 50));
  expect(statesOf(diagram)).toMatchObject({
    function: "skipped",
    token: "skipped",
    socket: "done",
  });
  expect(summarize(diagram, 50)).toBe(
    "The function did not run: this tab still has a token. Your WebSocket has been open for 0 s.",
  );
});

it("shows that a function which answers with a token leaves nothing to exchange", () => {
  const diagram = after(
    connection("connecting", 0),
    called,
    answered(41),
    connection("connected", 90),
  );
  expect(statesOf(diagram)).toMatchObject({ function: "done", token: "skipped", socket: "done" });
  const renewed = [called, answered(30), connection("connected", 3_600_000)];
  expect(statesOf(renewed.reduce((before, next) => next(before), diagram))).toMatchObject({
    token: "skipped",
    socket: "done",
  });
});

it("shows no time below zero, though the clock was set back", () => {
  const diagram = after(connection("connecting", 3_600_000), connection("connected", 50));
  expect(formatMs(diagram.steps.socket.ms ?? 0)).toBe("0 ms");
});

it("shows a function that refuses, and no WebSocket", () => {
  const error = { code: 40012, statusCode: 403, message: "refused" };
  const diagram = after(
    connection("connecting", 0),
    called,
    answered(5, false),
    connection("failed", 9, { error, response: { from: "function", hasErrorCode: true } }),
  );
  expect(statesOf(diagram)).toMatchObject({ function: "failed", token: "idle", socket: "idle" });
  expect(summarize(diagram, 9)).toBe(
    "The function did not sign a token request. There is no WebSocket.",
  );
});

it("shows an Ably that refuses the token request", () => {
  const error = { code: 40104, statusCode: 401, message: "Timestamp not current" };
  const diagram = after(
    connection("connecting", 0),
    called,
    answered(41),
    connection("disconnected", 9, { error, response: { from: "ably", hasErrorCode: true } }),
  );
  expect(statesOf(diagram)).toMatchObject({ function: "done", token: "failed", socket: "idle" });
  expect(summarize(diagram, 9)).toBe("The function ran for 41 ms. There is no WebSocket.");
});

it("shows a dropped connection, and that it comes back without the function", () => {
  const error = { code: 80003, statusCode: 400, message: "closed" };
  const dropped = connection("disconnected", 300, { error })(after(...firstVisit));
  expect(statesOf(dropped)).toMatchObject({ function: "done", socket: "failed", channel: "idle" });
  expect(summarize(dropped, 300)).toBe("The function ran for 41 ms. Your WebSocket is closed.");
  const back = connection("connected", 700)(connection("connecting", 400)(dropped));
  expect(back.timesSigned).toBe(1);
  expect(summarize(attached(710)(back), 1_700)).toBe(
    "The function ran for 41 ms. Your WebSocket has been open for 1 s.",
  );
});

it("shows a renewed token while the WebSocket stays open", () => {
  const renewed = connection(
    "connected",
    5_000,
  )(issued(4_900)(answered(30)(called(after(...firstVisit)))));
  expect(statesOf(renewed)).toMatchObject({ function: "done", token: "done", socket: "done" });
  expect(summarize(renewed, 60_180)).toBe(
    "The function has signed 2 times, the last time in 30 ms. Your WebSocket has been open for 1 min 0 s.",
  );
});

it("counts the time of the WebSocket that takes the place of one whose token has ended", () => {
  const renewal = (state: ConnectionStatus["state"], now: number) =>
    step({ type: "step", step: { type: "state", state, isRenewal: true } }, now);
  const renewed = [
    ...firstVisit,
    renewal("disconnected", 9_000),
    renewal("connecting", 9_000),
    connection("connected", 9_180),
  ];
  expect(statesOf(after(...renewed))).toMatchObject({ socket: "done", channel: "done" });
  expect(summarize(after(...renewed), 11_180)).toContain("has been open for 2 s.");
});

it("shows a room that was refused, and that it has opened again", () => {
  const refused = room("failed", 0)(after(...firstVisit.slice(0, 5)));
  expect(statesOf(refused).channel).toBe("failed");
  const attaching = room("attaching", 1_000)(refused);
  expect(statesOf(attaching).channel).toBe("active");
  expect(attached(1_050)(attaching).steps.channel).toEqual({ state: "done", ms: 50 });
});

it("says briefly how far the function has come", () => {
  const briefly = (...changes: Change[]) => summarizeBriefly(after(...changes), 0);
  const socket = " · WebSocket not open";
  expect(briefly()).toBe(`Function has not run yet${socket}`);
  expect(briefly(called)).toBe(`Function is running${socket}`);
  expect(briefly(called, answered(41))).toBe(`Function ran 41 ms${socket}`);
  expect(briefly(called, answered(41, false))).toBe(`Function failed${socket}`);
  expect(briefly(reused)).toBe(`Function did not run${socket}`);
});

it("does not call HTTP polling a WebSocket", () => {
  const polling = { ...after(...firstVisit), transport: "xhr_polling" };
  expect(summarize(polling, 180)).toMatch(/Your HTTP connection has been open/);
  expect(summarizeBriefly(polling, 180)).toMatch(/HTTP connection open for/);
});

it("shows a closed connection as no WebSocket", () => {
  expect(summarize(connection("closed", 900)(after(...firstVisit)), 900)).toMatch(
    /There is no WebSocket\.$/,
  );
});

it("counts what has gone from the trace since", () => {
  const follow = createDiagramFollower();
  const event = {
    type: "step",
    step: { type: "function-answered", ms: 1, isSigned: true },
  } as const;
  const entries = [1, 2, 3, 4].map((number) => ({ number, timestamp: 0, event }));
  follow(entries.slice(0, 2));
  follow(entries.slice(1, 3));
  expect(follow(entries.slice(3)).timesSigned).toBe(4);
  expect(follow(entries.slice(3)).timesSigned).toBe(4);
});
