import { MAX_TEXT_BYTES } from "../realtime/contract.ts";
import { find, listen } from "./dom.ts";

/** While someone types, it is said again this often, ms; and this long after the last key it ends. */
const TYPING_EVERY_MS = 3_000;

/** The box to say something, and the tutorial's button. Returns its undo. */
export function bindComposer(on: {
  say(text: string): void;
  sayHello(): void;
  typing(isTyping: boolean): void;
}): () => void {
  const form = find<HTMLFormElement>("data-composer");
  const input = find<HTMLInputElement>("data-text");
  /** The text stays in the box, to be made shorter. */
  const refuse = () => {
    const limit = `${MAX_TEXT_BYTES / 1_000} kB`;
    input.setCustomValidity(`This is too long: a message takes up to ${limit} of text.`);
    input.reportValidity();
  };
  const stopTyping = () => {
    clearTimeout(timer);
    if (saidAt > 0) on.typing(false);
    saidAt = 0;
  };
  let timer = 0;
  let saidAt = 0;

  const undos = [
    listen(form, "submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text === "") return;
      if (new Blob([JSON.stringify(text)]).size > MAX_TEXT_BYTES) return refuse();
      input.value = "";
      stopTyping();
      on.say(text);
    }),
    listen(input, "input", () => {
      input.setCustomValidity("");
      clearTimeout(timer);
      timer = window.setTimeout(stopTyping, TYPING_EVERY_MS);
      if (Date.now() - saidAt < TYPING_EVERY_MS) return;
      saidAt = Date.now();
      on.typing(true);
    }),
    listen(find("data-hello"), "click", on.sayHello),
  ];
  return () => {
    clearTimeout(timer);
    for (const undo of undos) undo();
  };
}
