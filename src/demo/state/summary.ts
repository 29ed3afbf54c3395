/** The diagram in words. */
import type { Diagram } from "./diagram.ts";

export function summarizeBriefly({ steps, lastRunMs, openedAt }: Diagram, now: number): string {
  const runs = {
    idle: "has not run yet",
    active: "is running",
    skipped: "did not run",
    failed: "failed",
    done: `ran ${formatMs(lastRunMs ?? 0)}`,
  };
  const isOpen = steps.socket.state === "done" && openedAt !== undefined;
  const socket = isOpen ? `open for ${formatDuration(now - openedAt)}` : "not open";
  return `Function ${runs[steps.function.state]} · WebSocket ${socket}`;
}

export function summarize(diagram: Diagram, now: number): string {
  return `${describeFunction(diagram)} ${describeSocket(diagram, now)}`;
}

function describeFunction({ steps, functionRuns, lastRunMs }: Diagram): string {
  switch (steps.function.state) {
    case "idle":
      return "The function has not run yet.";
    case "active":
      return "The function is running.";
    case "skipped":
      return "The function did not run: this tab still has a token.";
    case "failed":
      return "The function did not sign a token request.";
    case "done": {
      const ms = formatMs(lastRunMs ?? 0);
      return functionRuns > 1
        ? `The function has run ${functionRuns} times, the last time for ${ms}.`
        : `The function ran for ${ms}.`;
    }
    default:
      return steps.function.state satisfies never;
  }
}

function describeSocket({ steps, openedAt, transport }: Diagram, now: number): string {
  const name = transport === "xhr_polling" ? "HTTP connection" : "WebSocket";
  switch (steps.socket.state) {
    case "idle":
    case "skipped":
      return [steps.function.state, steps.token.state].includes("active")
        ? "Your WebSocket waits for a token."
        : "There is no WebSocket.";
    case "active":
      return `Your ${name} is opening.`;
    case "failed":
      return `Your ${name} is closed.`;
    case "done":
      return `Your ${name} has been open for ${formatDuration(now - (openedAt ?? now))}.`;
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
  return `${Math.round(ms)} ms`;
}
