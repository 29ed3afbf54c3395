/** SHOWN. The header: the room's name, the connection in words, and where the site runs. */
import { isProduction } from "../../realtime/index.ts";
import { describeConnection } from "../state/connection.ts";
import type { State } from "../state/state.ts";
import { find, setText } from "./dom.ts";

/** Shows the deploy context, too, unless it is production. */
export function renderStatus(roomName: string, context?: string): (state: State) => void {
  const status = find("data-status");
  const pill = find("data-context");
  setText(find("data-room"), roomName);
  setText(pill, context ?? "");
  pill.hidden = isProduction(context);
  return ({ connection, room }) => {
    setText(status, describeConnection(connection, room.state));
    status.dataset.state = connection.state;
  };
}
