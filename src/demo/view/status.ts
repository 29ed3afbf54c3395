/** SHOWN. The header: the state of the connection, and where the site runs. */
import type { Session } from "../session.ts";
import { type RoomState, describeConnection, opensAgain } from "../state/connection.ts";
import { find, setText } from "./dom.ts";

/**
 * Shows the room's name, and the connection in words.
 * @param context The deploy context, which is shown unless it is production.
 */
export function showStatus({ roomName, connection, onEvent }: Session, context = "production") {
  const status = find("data-status");
  const pill = find("data-context");
  let room: RoomState | undefined;
  const show = () => {
    setText(status, describeConnection(connection.status, room));
    status.dataset.state = connection.status.state;
  };
  setText(find("data-room"), roomName);
  setText(pill, context);
  pill.hidden = context === "production";
  show();
  onEvent((event) => {
    if (event.type === "room" && !opensAgain(room, event.status.state)) room = event.status.state;
    show();
  });
}

/** For a network that drops while the page loads. index.html has the words. */
export function showLoadError(): void {
  find("data-retry").onclick = () => location.reload();
  find("data-problem").hidden = false;
}
