import { copyText, find, listen, setText } from "./dom.ts";
import type { LogEntry, State } from "./state.ts";

/** Every state change with its reason, newest last, to be copied into a bug report. */
export function drawLog(): (state: State) => void {
  const list = find("data-log");
  let drawn: LogEntry[] = [];

  return ({ log }) => {
    if (log === drawn) return;
    drawn = log;
    list.replaceChildren(
      ...log.map((entry) => {
        const item = document.createElement("li");
        item.textContent = format(entry);
        return item;
      }),
    );
  };
}

/** Returns its undo. */
export function bindLog(): () => void {
  const list = find("data-log");
  const copied = find("data-copied");
  return listen(find("data-copy-log"), "click", () => {
    const text = Array.from(list.children, (item) => item.textContent).join("\n");
    copyText(text).then(
      () => setText(copied, "Copied."),
      () => setText(copied, "The browser did not allow copying: select the text instead."),
    );
  });
}

function format({ timestamp, text }: LogEntry): string {
  return `${new Date(timestamp).toISOString().slice(11, 23)} ${text}`;
}
