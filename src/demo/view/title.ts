/** SHOWN. The title of the tab: the room, and how many messages are unread. */
import type { State } from "../state/state.ts";
import { find, setText } from "./dom.ts";

export function renderTitle(roomName: string): (state: State) => void {
  const title = find("data-title");
  return ({ unseen: { count } }) => {
    setText(title, `${roomName}${count > 0 ? ` (${count})` : ""} · Live room`);
  };
}
