/** The way from the page to Ably, as data: what the function and the socket are doing. */
import type { ConnectionStatus } from "../realtime/connect.ts";
import type { TokenStep } from "../realtime/token-requests.ts";

export type Path = {
  function: "asleep" | "signing" | "refused";
  /** How often the function has signed in this session, how long the last took, and all together. */
  runs: number;
  lastRunMs: number;
  totalRunMs: number;
  socket: "closed" | "opening" | "open" | "broken";
  /** When this socket opened, ms since the epoch. */
  openedAt?: number | undefined;
  /** What the connection runs over, in ably-js's words. */
  transport?: string | undefined;
  /** When the token ends, ms since the epoch. */
  tokenExpires?: number;
  roundTripMs?: number;
  /** Messages that went over the socket, each way. */
  sent: number;
  received: number;
};

export const initialPath: Path = {
  function: "asleep",
  runs: 0,
  lastRunMs: 0,
  totalRunMs: 0,
  socket: "closed",
  sent: 0,
  received: 0,
};

export function afterTokenStep(path: Path, step: TokenStep): Path {
  switch (step.type) {
    case "signing":
      return { ...path, function: "signing" };
    case "refused":
      return { ...path, function: "refused" };
    case "signed":
      return {
        ...path,
        function: "asleep",
        runs: path.runs + 1,
        lastRunMs: step.ms,
        totalRunMs: path.totalRunMs + step.ms,
      };
    case "token":
      return { ...path, tokenExpires: step.expires };
    default:
      return step satisfies never;
  }
}

export function afterConnection(path: Path, status: ConnectionStatus, now: number): Path {
  // Without a token no socket was tried.
  const socket = status.isTokenFault ? "closed" : socketIn(status.state);
  const openedAt = socket === "open" ? (path.openedAt ?? now) : undefined;
  return { ...path, socket, openedAt, transport: status.transport };
}

function socketIn(state: ConnectionStatus["state"]): Path["socket"] {
  switch (state) {
    case "connected":
      return "open";
    case "connecting":
      return "opening";
    case "disconnected":
    case "suspended":
    case "failed":
      return "broken";
    case "initialized":
    case "closing":
    case "closed":
      return "closed";
    default:
      return state satisfies never;
  }
}

/** The picture in words. */
export function describePath(path: Path): string {
  const functionWords = {
    asleep: path.runs > 0 ? "The function is asleep again." : "The function is asleep.",
    signing: "The function signs a token request.",
    refused: "The function refused, and is asleep again.",
  } as const;
  const socketWords = {
    closed: "There is no WebSocket.",
    opening: "The WebSocket to Ably is opening.",
    open: "The WebSocket to Ably is open.",
    broken: "The WebSocket to Ably is broken.",
  } as const;
  return `${functionWords[path.function]} ${socketWords[path.socket]}`;
}

/** The facts of this session, under the names that index.html has for their places. */
export function factsOf(path: Path, now: number) {
  const { runs, lastRunMs, totalRunMs, openedAt, tokenExpires, roundTripMs, transport } = path;
  return {
    lastRun: runs > 0 ? formatMs(lastRunMs) : "–",
    inAll: `${formatMs(totalRunMs)}, ${runs} ${runs === 1 ? "run" : "runs"}`,
    openFor: openedAt === undefined ? "–" : formatDuration(now - openedAt),
    transport: transport === undefined ? "–" : (TRANSPORTS[transport] ?? transport),
    roundTrip: roundTripMs === undefined ? "–" : formatMs(roundTripMs),
    renewsBy: tokenExpires === undefined ? "–" : TIME.format(tokenExpires),
  };
}

const TRANSPORTS: Record<string, string> = {
  web_socket: "WebSocket",
  xhr_polling: "HTTP polling",
};

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

function formatMs(ms: number): string {
  return `${Math.round(ms)} ms`;
}

/** 5 s, 2 min 5 s, 1 h 2 min. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [h, min, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h > 0) return `${h} h ${min} min`;
  return min > 0 ? `${min} min ${s} s` : `${s} s`;
}
