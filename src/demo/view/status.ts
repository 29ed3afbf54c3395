/** SHOWN. The header: the room's name, the connection in words, and where the site runs. */
import { describeConnection } from "../state/connection.ts";
import type { State } from "../state/state.ts";
import { find, setText } from "./dom.ts";

/** @param context The deploy context, which is shown unless it is production. */
export function renderStatus(roomName: string, context = "production"): (state: State) => void {
  const status = find("data-status");
  const pill = find("data-context");
  setText(find("data-room"), roomName);
  setText(pill, context);
  pill.hidden = context === "production";
  return ({ connection, room }) => {
    setText(status, describeConnection(connection, room.state));
    status.dataset.state = connection.state;
  };
}
