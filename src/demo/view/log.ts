/** SHOWN. The connection log, line by line. */
import type { ConnectionStep, ErrorInfo } from "../../realtime/index.ts";
import type { State, TraceEntry, TraceEvent } from "../state/state.ts";
import { copyAndSay } from "./content.ts";
import { find, listen } from "./dom.ts";

/** The last changes of the connection and the room with their reasons, newest last, for a bug report. */
export function renderLog(): (state: State) => void {
  const list = find("data-log");
  let lastNumber = 0;

  return ({ trace }) => {
    const added = trace.filter(({ number }) => number > lastNumber);
    if (added.length === 0) return;
    lastNumber = trace.at(-1)?.number ?? 0;
    const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 1;
    list.append(...added.map(renderEntry));
    while (list.childElementCount > trace.length) list.firstElementChild?.remove();
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  };
}

function renderEntry({ timestamp, event }: TraceEntry): HTMLElement {
  const item = document.createElement("li");
  item.textContent = `${new Date(timestamp).toISOString().slice(11, 23)} ${describe(event)}`;
  return item;
}

/** Returns its cleanup. */
export function bindLog(): () => void {
  const list = find("data-log");
  const copied = find("data-copied");
  const cleanups = [
    listen(find("data-log-drawer"), "toggle", () => (list.scrollTop = list.scrollHeight)),
    listen(find("data-copy-log"), "click", () => {
      const text = Array.from(list.children, (item) => item.textContent).join("\n");
      copyAndSay(text, copied);
    }),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
}

function describe(event: TraceEvent): string {
  switch (event.type) {
    case "step":
      return describeStep(event.step);
    case "room": {
      const gap = event.status.isContinuous ? "" : ", messages may be missing";
      return `room ${event.status.state}${gap}${reason(event.status.error)}`;
    }
    default:
      return event satisfies never;
  }
}

function describeStep(step: ConnectionStep): string {
  if (step.type === "state") return `connection ${step.state}${reason(step.error)}`;
  return step.type === "transport" ? `connected over ${step.name}` : step.type;
}

function reason(error: ErrorInfo | undefined): string {
  return error ? `: ${error.message} (${error.code})` : "";
}
