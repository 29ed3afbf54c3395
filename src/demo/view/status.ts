import { describeConnection } from "../state/connection.ts";
import type { State } from "../state/state.ts";
import { find, setText } from "./dom.ts";

/**
 * The room's name, and the connection in words.
 * @param context The deploy context, which is shown unless it is production.
 */
export function renderStatus(context = "production"): (state: State) => void {
  const room = find("data-room");
  const status = find("data-status");
  const pill = find("data-context");
  pill.hidden = context === "production";
  setText(pill, context);

  return (state) => {
    setText(room, state.room);
    setText(status, describeConnection(state));
    status.dataset.state = state.connection.state;
  };
}

/** For a network that drops while the page loads. index.html has the words. */
export function showLoadError(): void {
  find("data-retry").onclick = () => location.reload();
  find("data-problem").hidden = false;
}
