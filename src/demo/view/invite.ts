/** SHOWN. The dialog with the link to this room. */
import { find, listen, setText } from "./dom.ts";
import { isOnThisComputer } from "./place.ts";

const NOT_LOADED =
  "The QR code could not be loaded. Copy the link above, or reload this page: nothing is lost.";

/**
 * The dialog with the link to this room. Its QR code is loaded when it opens. Returns its cleanup.
 * @param onMissing Called if it cannot be loaded.
 */
export function bindInvite(onMissing: () => void): () => void {
  const dialog = find<HTMLDialogElement>("data-dialog");
  const link = find<HTMLAnchorElement>("data-link");

  return listen(find("data-invite"), "click", () => {
    const url = new URL(location.href);
    // It may be a token, if signing in leaves it there.
    url.hash = "";
    link.href = url.href;
    const isLoopback = isOnThisComputer(link.hostname);
    if (isLoopback && __NETWORK_HOST__ !== "") link.hostname = __NETWORK_HOST__;
    find("data-reach").hidden = !isLoopback || __NETWORK_HOST__ !== "";
    setText(link, link.href);
    dialog.showModal();
    void import("./share.ts").then(
      ({ share }) => share(link.href),
      () => {
        setText(find("data-shared"), NOT_LOADED);
        onMissing();
      },
    );
  });
}
