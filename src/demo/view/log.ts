/** SHOWN. The connection log, line by line. */
import type { ConnectionStep, ErrorInfo } from "../../realtime/index.ts";
import type { State, TraceEntry, TraceEvent } from "../state/state.ts";
import { copyAndSay } from "./content.ts";
import { find, listen } from "./dom.ts";

/** Every state change with its reason, newest last, to copy into a bug report. */
export function renderLog(): (state: State) => void {
  const list = find("data-log");
  let rendered: TraceEntry[] = [];

  return ({ trace }) => {
    if (trace === rendered) return;
    rendered = trace;
    list.replaceChildren(
      ...trace.flatMap(({ timestamp, event }) => {
        const text = describe(event);
        if (text === undefined) return [];
        const item = document.createElement("li");
        item.textContent = `${new Date(timestamp).toISOString().slice(11, 23)} ${text}`;
        return item;
      }),
    );
    list.scrollTop = list.scrollHeight;
  };
}

export function bindLog(): () => void {
  const list = find("data-log");
  const copied = find("data-copied");
  return listen(find("data-copy-log"), "click", () => {
    const text = Array.from(list.children, (item) => item.textContent).join("\n");
    copyAndSay(text, copied);
  });
}

function describe(event: TraceEvent): string | undefined {
  switch (event.type) {
    case "step":
      return describeStep(event.step);
    case "room": {
      const gap = event.status.isContinuous ? "" : ", messages may be missing";
      return `room ${event.status.state}${gap}${reason(event.status.error)}`;
    }
    case "round-trip":
      return undefined;
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
