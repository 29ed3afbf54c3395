/** SHOWN. The connection in a word or two, for the header. */
import type { ConnectionStatus, RoomStatus } from "../../realtime/index.ts";

export type RoomState = RoomStatus["state"];

/** @param room Undefined until the room has reported a state. */
export function describeConnection(
  connection: ConnectionStatus,
  room: RoomState | undefined,
): string {
  switch (connection.state) {
    case "initialized":
    case "connecting":
      return "Connecting…";
    case "connected":
      return describeRoom(room);
    case "disconnected":
      // Without a token there was no connection to lose.
      return connection.response ? "Not connected" : "Connection lost, reconnecting…";
    case "suspended":
      return "No connection, retrying…";
    case "closing":
    case "closed":
      return "Closed";
    case "failed":
      return "Not connected";
    default:
      return connection.state satisfies never;
  }
}

/** After a lost connection and at each new token, a room that was open opens again by itself. */
export function opensAgain(before: RoomState | undefined, now: RoomState): boolean {
  return before === "attached" && now === "attaching";
}

function describeRoom(state: RoomState | undefined): string {
  if (state === "attached") return "Connected";
  return state === "failed" ? "Room not open" : "Opening the room…";
}
