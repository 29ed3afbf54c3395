/** SHOWN. What is wrong, for the panel of this page. The words are in src/realtime/words.ts. */
import {
  type Problem,
  classifyError,
  describeError,
  describeRoomError,
} from "../../realtime/words.ts";
import { DEFAULT_ROOM } from "../../app.ts";
import type { State } from "./state.ts";

/**
 * `action`: what the button does. `summary`: what the token function says is wrong with the key. It
 * stands above the steps that set one.
 */
type PageProblem = Problem & { action: "retry" | "reload"; summary?: string | undefined };

const INVALID_ROOM: Problem = {
  title: "Invalid room name",
  detail:
    "Start with a letter or digit, then use letters, digits, spaces and . _ -, up to 64 characters. " +
    `This is “${DEFAULT_ROOM}”.`,
  canRetry: false,
};

const PART_MISSING: PageProblem = {
  title: "A part of this page could not be loaded",
  detail:
    "This site may have a new version, or your network failed. Reload the page. It keeps what you have written and not sent.",
  canRetry: true,
  action: "reload",
};

export function findProblem(state: State): PageProblem | undefined {
  const problem = findRealtimeProblem(state);
  if (problem) return { ...problem, action: "retry", summary: summarizeKey(state, problem) };
  return state.isPartMissing ? PART_MISSING : undefined;
}

function findRealtimeProblem({ connection, room, isRoomInvalid }: State): Problem | undefined {
  if (connection.state !== "connected") return describeError(connection);
  return describeRoomError(room) ?? (isRoomInvalid ? INVALID_ROOM : undefined);
}

/** Returns the first sentence of the function's own words. */
function summarizeKey({ connection }: State, { detail }: Problem): string | undefined {
  const { error, response } = connection;
  if (!error || classifyError(error, response) !== "key-not-set") return undefined;
  return detail.split(/(?<=\.) /)[0];
}
