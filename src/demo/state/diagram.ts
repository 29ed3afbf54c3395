/** How this page got its WebSocket: the steps of this very connection, with their times. */
import type { ConnectionStatus } from "../../realtime/connect.ts";
import type { RoomStatus } from "../../realtime/room.ts";
import type { TokenStep } from "../../realtime/token-requests.ts";
import type { TraceEntry } from "./state.ts";

export const STEP_NAMES = ["page", "function", "token", "socket", "channel"] as const;
export type StepName = (typeof STEP_NAMES)[number];

export type Step = {
  state: "idle" | "active" | "done" | "failed" | "skipped";
  ms?: number | undefined;
  startedAt?: number | undefined;
};

export type Diagram = {
  steps: Record<StepName, Step>;
  /** How often the function has run for this page, and how long the last run took. */
  functionRuns: number;
  lastRunMs?: number;
  /** When this WebSocket opened, in ms since the epoch. */
  openedAt?: number | undefined;
  transport?: string | undefined;
  /** When the token expires, in ms since the epoch. */
  tokenExpires?: number;
  roundTripMs?: number;
};

const IDLE: Step = { state: "idle" };

export const initialDiagram: Diagram = {
  steps: { page: { state: "done" }, function: IDLE, token: IDLE, socket: IDLE, channel: IDLE },
  functionRuns: 0,
};

function withSteps(diagram: Diagram, steps: Partial<Record<StepName, Step>>): Diagram {
  return { ...diagram, steps: { ...diagram.steps, ...steps } };
}

export function afterEntry(diagram: Diagram, { event, timestamp }: TraceEntry): Diagram {
  switch (event.type) {
    case "connection":
      return event.status.isRenewal ? diagram : afterConnection(diagram, event.status, timestamp);
    case "channel":
      return afterRoom(diagram, event.status, timestamp);
    case "token":
      return afterTokenStep(diagram, event.step, timestamp);
    case "transport":
      return { ...diagram, transport: event.name };
    case "round-trip":
      return { ...diagram, roundTripMs: event.ms };
    default:
      return event satisfies never;
  }
}

function afterTokenStep(diagram: Diagram, step: TokenStep, now: number): Diagram {
  switch (step.type) {
    case "function-called":
      return withSteps(diagram, {
        function: { state: "active" },
        token: IDLE,
        socket: waitForToken(diagram.steps.socket),
      });
    case "function-answered":
      return afterFunction(diagram, step);
    case "token-issued":
      return withSteps(
        { ...diagram, tokenExpires: step.expires },
        { token: { state: "done", ms: step.ms }, socket: startSocket(diagram.steps.socket, now) },
      );
    case "token-reused":
      return withSteps(
        { ...diagram, tokenExpires: step.expires },
        { function: { state: "skipped" }, token: { state: "skipped" } },
      );
    default:
      return step satisfies never;
  }
}

function afterFunction(
  diagram: Diagram,
  { ms, isSigned }: Extract<TokenStep, { type: "function-answered" }>,
): Diagram {
  if (!isSigned) return withSteps(diagram, { function: { state: "failed", ms }, token: IDLE });
  return withSteps(
    { ...diagram, functionRuns: diagram.functionRuns + 1, lastRunMs: ms },
    { function: { state: "done", ms }, token: { state: "active" } },
  );
}

/** The client says "connecting" before it has a token. */
function waitForToken(socket: Step): Step {
  return socket.state === "active" ? { ...socket, state: "idle" } : socket;
}

function startSocket(socket: Step, now: number): Step {
  return socket.state === "done" ? socket : { state: "active", startedAt: now };
}

function afterConnection(diagram: Diagram, status: ConnectionStatus, now: number): Diagram {
  switch (status.state) {
    case "connecting":
      return withSteps(
        { ...diagram, openedAt: undefined },
        { socket: { state: "active", startedAt: now }, channel: IDLE },
      );
    case "connected":
      return afterConnected(diagram, now);
    case "disconnected":
    case "suspended":
    case "failed":
      return afterFailure(diagram, status);
    case "initialized":
    case "closing":
    case "closed":
      return withSteps({ ...diagram, openedAt: undefined }, { socket: IDLE, channel: IDLE });
    default:
      return status.state satisfies never;
  }
}

/** The status is the same after a renewed token: the WebSocket stays open. */
function afterConnected(diagram: Diagram, now: number): Diagram {
  const { socket, channel, token } = diagram.steps;
  if (socket.state === "done") return diagram;
  const ms = now - (socket.startedAt ?? now);
  const isAttached = channel.state === "done";
  return withSteps(
    { ...diagram, openedAt: now },
    {
      // The function may answer with a token itself, such as a JWT.
      token: token.state === "active" ? { state: "skipped" } : token,
      socket: { state: "done", ms },
      channel: isAttached ? channel : { state: "active", startedAt: now },
    },
  );
}

/** The step that was under way has failed. Without a token, no WebSocket was tried. */
function afterFailure(diagram: Diagram, { response }: ConnectionStatus): Diagram {
  const { steps } = diagram;
  const isFunctionFailed = steps.function.state === "failed";
  const isTokenFailed = response?.from === "ably";
  return withSteps(
    { ...diagram, openedAt: undefined },
    {
      token: isTokenFailed ? { state: "failed" } : steps.token,
      socket: isFunctionFailed || isTokenFailed ? IDLE : { state: "failed" },
      channel: IDLE,
    },
  );
}

function afterRoom(diagram: Diagram, { state }: RoomStatus, now: number): Diagram {
  const { channel } = diagram.steps;
  if (state === "failed") return withSteps(diagram, { channel: { state: "failed" } });
  if (state !== "attached" || channel.state !== "active") return diagram;
  return withSteps(diagram, { channel: { state: "done", ms: now - (channel.startedAt ?? now) } });
}
