/** Ways to give a link away: to the clipboard, to the device's own sheet, to a camera. */
import { encodeQR } from "qr";
import { copyText, find, setText } from "./dom.ts";

/** Names by which a machine calls itself. */
const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

const SVG = "http://www.w3.org/2000/svg";

export function share(url: string): void {
  const button = find("data-share");
  const said = find("data-shared");
  const canShare = "share" in navigator;
  setText(button, canShare ? "Share the link" : "Copy the link");
  setText(said, "");
  button.hidden = false;
  button.onclick = () => {
    const done = canShare
      ? navigator.share({ url, title: document.title }).then(() => "")
      : copyText(url).then(() => "Copied.");
    done.then(
      (words) => setText(said, words),
      ({ name }: Error) => {
        // Who closes the share sheet needs no word about it.
        if (name !== "AbortError") setText(said, "That did not work here: copy the link above.");
      },
    );
  };
  find("data-qr").replaceChildren(drawQr(url));
  find("data-reach").hidden = !LOOPBACK.test(new URL(url).hostname);
}

/** An SVG of one path, quiet zone included. */
function drawQr(text: string): SVGElement {
  const rows = encodeQR(text, "raw", { border: 4 });
  const squares = rows.flatMap((row, y) =>
    row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")),
  );
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${rows.length} ${rows.length}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", squares.join(""));
  svg.append(path);
  return svg;
}
