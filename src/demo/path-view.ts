import { find, setText } from "./dom.ts";
import { type Path, describePath, factsOf } from "./path.ts";
import type { State } from "./state.ts";

const SOCKET_WORDS = {
  closed: "not connected",
  opening: "connecting",
  open: "connected",
  broken: "cut off",
} as const satisfies Record<Path["socket"], string>;

const FUNCTION_WORDS = {
  asleep: "asleep",
  signing: "signing…",
  refused: "refused",
} as const satisfies Record<Path["function"], string>;

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** More dots than this at once say nothing more. */
const MAX_PULSES = 6;

/** The picture of page, function and Ably: what is lit, what is broken, and what goes over the wire. */
export function drawPath(): (state: State) => void {
  const figure = find("data-path");
  const wire = find("data-wire");
  const functionWords = find("data-function-words");
  const socketWords = find("data-socket-words");
  const words = find("data-path-words");
  let drawn = { sent: 0, received: 0 };

  return ({ path, now }) => {
    figure.dataset.function = path.function;
    figure.dataset.socket = path.socket;
    setText(functionWords, FUNCTION_WORDS[path.function]);
    setText(socketWords, SOCKET_WORDS[path.socket]);
    setText(words, describePath(path));
    if (path.sent > drawn.sent && path.socket === "open") pulse(wire, "sent");
    if (path.received > drawn.received) pulse(wire, "received");
    drawn = path;

    for (const [name, value] of Object.entries(factsOf(path, now))) {
      setText(find(`data-fact="${name}"`), value);
    }
  };
}

/** A dot that runs along the wire and is gone. None where motion is unwanted. */
function pulse(wire: HTMLElement, direction: "sent" | "received"): void {
  if (STILL.matches || wire.querySelectorAll(".pulse").length >= MAX_PULSES) return;
  const dot = document.createElement("span");
  dot.className = `pulse ${direction}`;
  dot.addEventListener("animationend", () => dot.remove());
  wire.append(dot);
}
