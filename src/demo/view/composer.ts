/** SHOWN. The box to write in. */
import { withoutInvisible } from "../../realtime/index.ts";
import { find, listen } from "./dom.ts";

/**
 * The most text in a message, in bytes. Ably's limit is 64 KiB for name, clientId, data and headers
 * together.
 * https://ably.com/docs/platform/pricing/limits
 */
const MAX_TEXT_BYTES = 60_000;
/** A character that this browser does not know counts as visible. */
const VISIBLE = /[^\s\p{Cc}]/u;

/**
 * The text box. It keeps its text over a reload, for each room. Enter sends, also on a phone, whose
 * key then says "send"; Shift+Enter starts a new line. Returns its cleanup.
 */
export function bindComposer(
  draft: { read(): string; write(text: string): void },
  send: (text: string) => void,
): () => void {
  const form = find<HTMLFormElement>("data-composer");
  const box = find<HTMLTextAreaElement>("data-text");
  // Somebody may have typed before the script was loaded.
  const kept = draft.read();
  if (box.value !== kept) {
    box.value = [kept, box.value].filter(Boolean).join("\n");
    draft.write(box.value);
  }
  const submit = () => {
    const text = withoutOuterBlankLines(box.value);
    if (!VISIBLE.test(withoutInvisible(text))) return;
    if (new Blob([JSON.stringify(text)]).size > MAX_TEXT_BYTES) return refuse(box);
    box.value = "";
    // For the draft, and for those who follow the box.
    box.dispatchEvent(new Event("input"));
    send(text);
  };
  const cleanups = [
    listen(form, "submit", (event) => {
      event.preventDefault();
      submit();
    }),
    // A pressed button would take the focus, and a phone would close its keyboard.
    listen(form, "mousedown", (event) => {
      if (event.target !== box) event.preventDefault();
    }),
    listen(box, "keydown", (event) => {
      // Enter also confirms input-method text. Safari then reports no composition, only 229.
      const isComposing = event.isComposing || event.keyCode === 229;
      if (event.key !== "Enter" || event.shiftKey || isComposing) return;
      event.preventDefault();
      submit();
    }),
    listen(box, "input", () => {
      box.setCustomValidity("");
      draft.write(box.value);
    }),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
}

/** Keeps the first indentation, which is part of pasted code. */
function withoutOuterBlankLines(text: string): string {
  return text.trimEnd().replace(/^\s*\n/, "");
}

function refuse(box: HTMLTextAreaElement): void {
  const limit = `${MAX_TEXT_BYTES / 1_000} kB`;
  box.setCustomValidity(`This message is too long. Shorten it to ${limit} of text.`);
  box.reportValidity();
}
