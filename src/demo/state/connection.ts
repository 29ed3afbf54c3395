/** SHOWN. The connection in a word or two, for the header. */
import type { ConnectionStatus, RoomStatus } from "../../realtime/index.ts";

type RoomState = RoomStatus["state"];

export function describeConnection(connection: ConnectionStatus, room: RoomState): string {
  switch (connection.state) {
    case "initialized":
    case "connecting":
      return "Connecting…";
    case "connected":
      return describeRoom(room);
    case "disconnected":
      // A room stays attached while the connection is lost.
      return room === "attached" ? "Connection lost, reconnecting…" : "Not connected";
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

/** After a lost connection, a room that was open opens again by itself. */
export function opensAgain(before: RoomState, now: RoomState): boolean {
  return before === "attached" && now === "attaching";
}

function describeRoom(state: RoomState): string {
  if (state === "attached") return "Connected";
  return state === "failed" ? "Room not open" : "Opening the room…";
}
