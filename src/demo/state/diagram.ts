/**
 * SHOWN. How this page got its WebSocket: the steps of this very connection, with their times, and in
 * words.
 */
import type {
  ConnectionStatus,
  ConnectionStep,
  RoomStatus,
  TokenStep,
} from "../../realtime/index.ts";
import type { TraceEntry } from "./events.ts";
import type { Words } from "./words.ts";

export const STEP_NAMES = ["page", "function", "token", "socket", "channel"] as const;
export type StepName = (typeof STEP_NAMES)[number];

export type DiagramStep = {
  state: "idle" | "active" | "done" | "failed" | "skipped";
  ms?: number | undefined;
  startedAt?: number | undefined;
};

export type Diagram = {
  steps: Record<StepName, DiagramStep>;
  /** How often the function has signed for this page, and how long that took the last time. */
  timesSigned: number;
  lastRunMs?: number;
  /** When this WebSocket opened, in ms since the epoch. */
  openedAt?: number | undefined;
  transport?: string | undefined;
  /** When the token expires, in ms since the epoch. */
  tokenExpires?: number;
};

const IDLE: DiagramStep = { state: "idle" };

export const initialDiagram: Diagram = {
  steps: { page: { state: "done" }, function: IDLE, token: IDLE, socket: IDLE, channel: IDLE },
  timesSigned: 0,
};

function withSteps(diagram: Diagram, steps: Partial<Record<StepName, DiagramStep>>): Diagram {
  return { ...diagram, steps: { ...diagram.steps, ...steps } };
}

/**
 * Returns a function that brings the diagram up to date, and returns it. Call it with each state of
 * the trace, because the trace forgets its oldest entries.
 */
export function createDiagramFollower(): (trace: TraceEntry[]) => Diagram {
  let diagram = initialDiagram;
  let lastNumber = 0;
  return (trace) => {
    if (trace.at(-1)?.number === lastNumber) return diagram;
    diagram = trace.filter(({ number }) => number > lastNumber).reduce(afterTrace, diagram);
    lastNumber = trace.at(-1)?.number ?? 0;
    return diagram;
  };
}

export function afterTrace(diagram: Diagram, { event, timestamp }: TraceEntry): Diagram {
  switch (event.type) {
    case "step":
      return afterStep(diagram, event.step, timestamp);
    case "room":
      return afterRoom(diagram, event.status, timestamp);
    default:
      return event satisfies never;
  }
}

function afterStep(diagram: Diagram, step: ConnectionStep, now: number): Diagram {
  switch (step.type) {
    case "state":
      // Another WebSocket takes the place of this one. The steps stay as they are.
      if (step.isRenewal) return { ...diagram, openedAt: undefined };
      return afterConnection(diagram, step, now);
    case "transport":
      return { ...diagram, transport: step.name };
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
  if (!isSigned) return withSteps(diagram, { function: { state: "failed" }, token: IDLE });
  return withSteps(
    { ...diagram, timesSigned: diagram.timesSigned + 1, lastRunMs: ms },
    { function: { state: "done", ms }, token: { state: "active" } },
  );
}

/** The client says "connecting" before it has a token. */
function waitForToken(socket: DiagramStep): DiagramStep {
  return socket.state === "active" ? { ...socket, state: "idle" } : socket;
}

function startSocket(socket: DiagramStep, now: number): DiagramStep {
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

/** The client says "connected" at each new token, too. */
function afterConnected(diagram: Diagram, now: number): Diagram {
  const { socket } = diagram.steps;
  const isExchanging = diagram.steps.token.state === "active";
  // The function may answer with a token itself, such as a JWT.
  const token: DiagramStep = isExchanging ? { state: "skipped" } : diagram.steps.token;
  if (socket.state === "done") {
    return withSteps({ ...diagram, openedAt: diagram.openedAt ?? now }, { token });
  }
  const ms = now - (socket.startedAt ?? now);
  return withSteps(
    { ...diagram, openedAt: now },
    {
      token,
      socket: { state: "done", ms },
      channel: { state: "active", startedAt: now },
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
  if (state === "attaching" && channel.state === "failed") {
    return withSteps(diagram, { channel: { state: "active", startedAt: now } });
  }
  if (state !== "attached" || channel.state !== "active") return diagram;
  return withSteps(diagram, { channel: { state: "done", ms: now - (channel.startedAt ?? now) } });
}

export function summarizeBriefly(diagram: Diagram, now: number): Words {
  const { steps, lastRunMs, openedAt } = diagram;
  const runs: Record<DiagramStep["state"], Words> = {
    idle: ["Function has not run yet · "],
    active: ["Function is running · "],
    skipped: ["Function did not run · "],
    failed: ["Function failed · "],
    done: ["Function ran ", { value: formatMs(lastRunMs ?? 0) }, " · "],
  };
  const isOpen = steps.socket.state === "done" && openedAt !== undefined;
  const name = nameSocket(diagram);
  const socket: Words = isOpen
    ? [`${name} open for `, { value: formatDuration(now - openedAt) }]
    : [`${name} not open`];
  return [...runs[steps.function.state], ...socket];
}

export function summarize(diagram: Diagram, now: number): Words {
  return [...describeFunction(diagram), " ", ...describeSocket(diagram, now)];
}

function describeFunction({ steps, timesSigned, lastRunMs }: Diagram): Words {
  switch (steps.function.state) {
    case "idle":
      return ["The function has not run yet."];
    case "active":
      return ["The function is running."];
    case "skipped":
      return ["The function did not run: this tab still has a token."];
    case "failed":
      return ["The function did not sign a token request."];
    case "done": {
      const ms = { value: formatMs(lastRunMs ?? 0) };
      const times = { value: String(timesSigned) };
      return timesSigned > 1
        ? ["The function has signed ", times, " times, the last time in ", ms, "."]
        : ["The function ran for ", ms, "."];
    }
    default:
      return steps.function.state satisfies never;
  }
}

/** Where a network blocks WebSockets, the SDK sends HTTP requests. */
function nameSocket({ transport }: Diagram): string {
  return transport === "xhr_polling" ? "HTTP connection" : "WebSocket";
}

function describeSocket(diagram: Diagram, now: number): Words {
  const { steps, openedAt } = diagram;
  const name = nameSocket(diagram);
  switch (steps.socket.state) {
    case "idle":
    case "skipped":
      return [steps.function.state, steps.token.state].includes("active")
        ? ["Your WebSocket waits for a token."]
        : ["There is no WebSocket."];
    case "active":
      return [`Your ${name} is opening.`];
    case "failed":
      return [`Your ${name} is closed.`];
    case "done": {
      const time = { value: formatDuration(now - (openedAt ?? now)) };
      return [`Your ${name} has been open for `, time, "."];
    }
    default:
      return steps.socket.state satisfies never;
  }
}

/** "5 s", "2 min 5 s", "1 h 2 min". */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

export function formatMs(ms: number): string {
  // A clock may be set back.
  return `${Math.max(0, Math.round(ms))} ms`;
}
