import { find } from "./dom.ts";

/** The box to say something, and the tutorial's button. Returns its undo. */
export function bindComposer(say: (text: string) => void, sayHello: () => void): () => void {
  const form = find<HTMLFormElement>("data-composer");
  const input = find<HTMLInputElement>("data-text");
  const hello = find<HTMLButtonElement>("data-hello");

  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === "") return;
    input.value = "";
    say(text);
  };
  form.addEventListener("submit", onSubmit);
  hello.addEventListener("click", sayHello);
  return () => {
    form.removeEventListener("submit", onSubmit);
    hello.removeEventListener("click", sayHello);
  };
}
