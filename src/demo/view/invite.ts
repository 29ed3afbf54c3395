/** SHOWN. The dialog with the link to this room. */
import { parseRoomName } from "../../realtime/index.ts";
import { find, listen, setText } from "./dom.ts";
import { isOnThisComputer } from "./place.ts";

const NOT_LOADED =
  "The QR code could not be loaded. Copy the link above, or reload this page: nothing is lost.";

/**
 * Returns its cleanup.
 * @param onMissing Called if the QR code cannot be loaded, when the dialog opens.
 */
export function bindInvite(onMissing: () => void): () => void {
  const dialog = find<HTMLDialogElement>("data-dialog");
  const link = find<HTMLAnchorElement>("data-link");

  const button = find<HTMLButtonElement>("data-invite");
  button.disabled = false;
  return listen(button, "click", () => {
    const url = new URL(location.href);
    // It may be a token, if signing in leaves it there.
    url.hash = "";
    // This page is then in the default room.
    if (!parseRoomName(url.searchParams.get("room") ?? "")) url.searchParams.delete("room");
    link.href = url.href;
    const isLoopback = isOnThisComputer(link.hostname);
    if (isLoopback && __NETWORK_HOST__ !== "") link.hostname = __NETWORK_HOST__;
    find("data-reach").hidden = !isLoopback || __NETWORK_HOST__ !== "";
    setText(link, link.href);
    dialog.showModal();
    void import("./share.ts").then(
      ({ showShare }) => showShare(link.href),
      () => {
        setText(find("data-shared"), NOT_LOADED);
        onMissing();
      },
    );
  });
}
