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
  pill.title = "This is not production: its rooms are separate.";
  setText(pill, context);

  return (state) => {
    setText(room, state.room);
    setText(status, describeConnection(state));
    status.dataset.state = state.connection.state;
  };
}

/** For a network that drops while the page loads. */
export function showLoadError(): void {
  setText(find("data-problem-title"), "A part of this page could not be loaded");
  setText(find("data-problem-detail"), "Check your network, then try again.");
  find("data-retry").addEventListener("click", () => location.reload());
  find("data-problem").hidden = false;
}
