import type { State } from "./state.ts";

export function describeConnection({ connection, channel }: State): string {
  switch (connection.state) {
    case "initialized":
    case "connecting":
      return "Connecting…";
    case "connected":
      return describeChannel(channel.state);
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

function describeChannel(state: State["channel"]["state"]): string {
  if (state === "attached") return "Connected";
  return state === "failed" ? "Room not open" : "Opening the room…";
}
