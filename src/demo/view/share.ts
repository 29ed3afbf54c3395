/** SHOWN. Ways to share a link: the clipboard, the device's own share sheet, and a QR code. */
import { encodeQR } from "qr";
import { copyText } from "./content.ts";
import { find, setText } from "./dom.ts";

const SVG = "http://www.w3.org/2000/svg";

/** Shows a QR code of the link, and a button that shares it. */
export function showShare(url: string): void {
  const button = find("data-share");
  const result = find("data-shared");
  const canShare = "share" in navigator;
  setText(button, canShare ? "Share link" : "Copy link");
  setText(result, "");
  button.hidden = false;
  button.onclick = () => {
    const done = canShare
      ? navigator.share({ url, title: document.title }).then(() => "")
      : copyText(url).then(() => "Copied");
    done.then(
      (words) => setText(result, words),
      ({ name }: Error) => {
        // The person closed the share sheet.
        if (name !== "AbortError") setText(result, "This did not work here. Copy the link above.");
      },
    );
  };
  find("data-qr").replaceChildren(drawQr(url));
}

/** An SVG with one path, and the quiet zone that scanners need. */
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
