import { copyText, find, listen, setText } from "./dom.ts";

const SVG = "http://www.w3.org/2000/svg";

/** The dialog with the link to this room, as text and as a QR code. Returns its undo. */
export function bindInvite(): () => void {
  const dialog = find<HTMLDialogElement>("data-dialog");
  const link = find<HTMLAnchorElement>("data-link");
  const share = find("data-share");
  const shared = find("data-shared");
  const canShare = "share" in navigator;
  setText(share, canShare ? "Share the link" : "Copy the link");

  const undos = [
    listen(find("data-invite"), "click", () => {
      link.href = location.href;
      setText(link, location.href);
      setText(shared, "");
      dialog.showModal();
      void drawQr(find("data-qr"), location.href);
    }),
    listen(share, "click", () => {
      const done = canShare
        ? navigator.share({ url: link.href, title: document.title }).then(() => "")
        : copyText(link.href).then(() => "Copied.");
      done.then(
        (said) => setText(shared, said),
        ({ name }: Error) => {
          // Who closes the share sheet needs no word about it.
          if (name !== "AbortError")
            setText(shared, "That did not work here: copy the link above.");
        },
      );
    }),
  ];
  return () => undos.forEach((undo) => undo());
}

/** The library is loaded only now. Drawn as an SVG of one path, quiet zone included. */
async function drawQr(place: HTMLElement, text: string): Promise<void> {
  const { encodeQR } = await import("qr");
  const rows = encodeQR(text, "raw", { border: 4 });
  const squares = rows.flatMap((row, y) =>
    row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")),
  );
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${rows.length} ${rows.length}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", squares.join(""));
  svg.append(path);
  place.replaceChildren(svg);
}
