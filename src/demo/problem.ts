/** What is wrong, in words: one sentence for what happened and one for what to do. */
import type { Fault } from "../realtime/fault.ts";
import type { State } from "./state.ts";

export type Problem = { title: string; detail: string; canRetry: boolean };

export function describeConnection({ connection, channel }: State): string {
  switch (connection.state) {
    case "initialized":
    case "connecting":
      return "Connecting…";
    case "connected":
      return channel.state === "attached" ? "Connected" : "Opening the room…";
    case "disconnected":
      return connection.isTokenFault ? "Not connected" : "Connection lost, trying again…";
    case "suspended":
      return "Still no connection, trying every 30 s";
    case "closing":
    case "closed":
      return "Closed";
    case "failed":
      return "Not connected";
    default:
      return connection.state satisfies never;
  }
}

export function findProblem({ connection, channel, path, wrongRoom }: State): Problem | undefined {
  const { state, fault, isTokenFault } = connection;
  if (state !== "connected" && fault && isTokenFault) {
    // The function did its part, and Ably did not answer.
    const hasSigned =
      fault.code === NO_USABLE_ANSWER && path.runs > 0 && path.function === "asleep";
    return hasSigned ? UNREACHABLE : describeTokenFault(fault);
  }
  if (state === "suspended") {
    return {
      title: "No connection for over two minutes",
      detail: "Check your network. This page goes on trying, and keeps what you send until then.",
      canRetry: true,
    };
  }
  if (state !== "connected" && fault && isUnreachable(fault)) return UNREACHABLE;
  if (state === "failed") {
    return {
      title: "Ably refused the connection",
      detail: `It said: ${fault?.message ?? "nothing"}`,
      canRetry: true,
    };
  }
  if (channel.state === "failed") {
    return {
      title: "This room cannot be opened",
      detail: `Ably said: ${channel.fault?.message ?? "nothing"}`,
      canRetry: false,
    };
  }
  if (channel.fault?.code === TOO_MANY_MEMBERS) {
    return {
      title: "This room is full",
      detail: "You can read and write, but the others do not see you on their list.",
      canRetry: false,
    };
  }
  if (wrongRoom) {
    return {
      title: "There can be no such room",
      detail:
        "A room's name begins with a letter or digit, and has up to 64 of those, spaces and ._- too. This is the lobby.",
      canRetry: false,
    };
  }
  return undefined;
}

/** The room is open all the same: https://ably.com/docs/platform/errors/codes */
const TOO_MANY_MEMBERS = 91003;

const UNREACHABLE: Problem = {
  title: "Ably cannot be reached",
  detail:
    "The network is away, or something on the way blocks it. " +
    "This page goes on trying, and keeps what you send until then.",
  canRetry: true,
};

/** ably-js tried every transport and host that it has. */
function isUnreachable({ code, statusCode }: Fault): boolean {
  return code === 80003 && statusCode === 404;
}

/** Codes with which the token function itself answers; see netlify/functions/ably-token-request. */
const NO_KEY = 40106;
const INVALID_CREDENTIALS = 40101;
/** ably-js had no usable answer from the function: none at all, or HTML. */
const NO_USABLE_ANSWER = 40170;

function describeTokenFault({ code, statusCode, message }: Fault): Problem {
  if (code === NO_KEY || (code === INVALID_CREDENTIALS && statusCode === 500)) {
    return { title: "One step left: your Ably key", detail: message, canRetry: true };
  }
  if (statusCode === 403) {
    return { title: "The token function refused this page", detail: message, canRetry: true };
  }
  if (code === NO_USABLE_ANSWER) {
    const advice = "Is your network there, and on your own machine “npm run dev”?";
    return {
      title: "The token function did not answer",
      detail: `${advice} (${message})`,
      canRetry: true,
    };
  }
  return {
    title: "Ably refused the key of this site",
    detail: `Ably said: ${message} Check that ABLY_API_KEY is a current key of your Ably app.`,
    canRetry: true,
  };
}
