/** SHOWN. What is wrong, for the panel of this page. The words are in src/realtime/words.ts. */
import { type Problem, describeError, describeRoomError } from "../../realtime/words.ts";
import type { State } from "./state.ts";

const INVALID_ROOM: Problem = {
  title: "Invalid room name",
  detail:
    "Start with a letter or digit, then use letters, digits, spaces and . _ -, up to 64 characters. This is the lobby.",
  canRetry: false,
};

export function findProblem({ connection, room, isRoomInvalid }: State): Problem | undefined {
  if (connection.state !== "connected") return describeError(connection);
  return describeRoomError(room) ?? (isRoomInvalid ? INVALID_ROOM : undefined);
}
