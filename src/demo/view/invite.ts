import { find, listen, setText } from "./dom.ts";

/** Host names that reach only this computer. */
const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

/** The dialog with the link to this room. Its QR code is loaded when it opens. Returns its cleanup. */
export function bindInvite(): () => void {
  const dialog = find<HTMLDialogElement>("data-dialog");
  const link = find<HTMLAnchorElement>("data-link");

  return listen(find("data-invite"), "click", () => {
    // Without what may follow #: a token, if signing in leaves it there.
    link.href = location.pathname + location.search;
    const isLoopback = LOOPBACK.test(link.hostname);
    if (isLoopback && __NETWORK_HOST__ !== "") link.hostname = __NETWORK_HOST__;
    find("data-reach").hidden = !isLoopback || __NETWORK_HOST__ !== "";
    setText(link, link.href);
    dialog.showModal();
    void import("./share.ts").then(({ share }) => share(link.href));
  });
}
