import type { LogEntry, State } from "../state/state.ts";
import { copyText, find, listen, setText } from "./dom.ts";

/** Every state change with its reason, newest last, to copy into a bug report. */
export function renderLog(): (state: State) => void {
  const list = find("data-log");
  let rendered: LogEntry[] = [];

  return ({ log }) => {
    if (log === rendered) return;
    rendered = log;
    list.replaceChildren(
      ...log.map((entry) => {
        const item = document.createElement("li");
        item.textContent = format(entry);
        return item;
      }),
    );
  };
}

/** Returns its cleanup. */
export function bindLog(): () => void {
  const list = find("data-log");
  const copied = find("data-copied");
  return listen(find("data-copy-log"), "click", () => {
    const text = Array.from(list.children, (item) => item.textContent).join("\n");
    copyText(text).then(
      () => setText(copied, "Copied"),
      () => setText(copied, "The browser did not allow copying. Select the text instead."),
    );
  });
}

function format({ timestamp, text }: LogEntry): string {
  return `${new Date(timestamp).toISOString().slice(11, 23)} ${text}`;
}
