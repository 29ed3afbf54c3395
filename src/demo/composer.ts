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
      input.value = "";
      stopTyping();
      on.say(text);
    }),
    listen(input, "input", () => {
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
