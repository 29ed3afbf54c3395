/** SHOWN. Draws the steps of the connection. */
import {
  type Diagram,
  type DiagramStep,
  STEP_NAMES,
  formatMs,
  summarize,
  summarizeBriefly,
} from "../state/diagram.ts";
import { clockAt } from "../state/clock.ts";
import { type Servers, serversOf } from "../state/servers.ts";
import type { State } from "../state/state.ts";
import { pageDeployContext } from "../../realtime/index.ts";
import { setWords } from "./content.ts";
import { find, listen, setText } from "./dom.ts";
import { isInThisNetwork } from "./place.ts";

const REDUCED_MOTION = matchMedia("(prefers-reduced-motion: reduce)");
const MAX_DOTS = 6;
/** Of more messages at once, nobody could follow the dots. */
const MAX_FOLLOWED = 3;
/** Shorter times do not fill the bars, so that nobody takes the function for a server. */
const MIN_SCALE_MS = 10_000;

/** @param diagramOf Returns the diagram of a state. */
export function renderDiagram(diagramOf: (state: State) => Diagram): (state: State) => void {
  const figure = find("data-diagram");
  const words = find("data-diagram-words");
  const line = find("data-diagram-line");
  const steps = STEP_NAMES.map((name) => {
    const item = find(`data-step="${name}"`);
    return { name, item, time: find("data-step-time", item) };
  });
  const facts = {
    roundTrip: find('data-fact="roundTrip"'),
    tokenExpires: find('data-fact="tokenExpires"'),
    sent: find('data-fact="sent"'),
    received: find('data-fact="received"'),
  };
  const bars = { function: find('data-bar="function"'), socket: find('data-bar="socket"') };
  const page: DiagramStep = { state: "done", ms: pageLoadMs() };
  let rendered = { sent: 0, received: 0 };

  return (state) => {
    const { sent, received, roundTripMs, now } = state;
    const diagram = diagramOf(state);
    figure.dataset.function = diagram.steps.function.state;
    figure.dataset.socket = socketState(diagram.steps.socket);
    for (const { name, item, time } of steps) {
      const step = name === "page" ? page : diagram.steps[name];
      item.dataset.state = step.state;
      setText(time, describeStep(step));
    }
    setWords(words, summarize(diagram, now));
    setWords(line, summarizeBriefly(diagram, now));
    renderBars(bars, diagram, now);
    showDot(bars.socket, "sent", sent - rendered.sent);
    showDot(bars.socket, "received", received - rendered.received);
    rendered = { sent, received };
    const { tokenExpires } = diagram;
    setText(facts.roundTrip, roundTripMs === undefined ? "–" : formatMs(roundTripMs));
    setText(facts.tokenExpires, tokenExpires === undefined ? "–" : clockAt(now).time(tokenExpires));
    setText(facts.sent, String(sent));
    setText(facts.received, String(received));
  };
}

/** Returns who answers this page. */
export function ownServers(): Servers {
  return serversOf({
    isDev: import.meta.env.DEV,
    isLocal: isInThisNetwork(location.hostname),
    deployContext: pageDeployContext(),
  });
}

/** Says by name who answers this page. */
export function nameServers(servers: Servers): void {
  for (const name of ["page", "ably", "ablyInSentence"] as const) {
    for (const element of document.querySelectorAll(`[data-server="${name}"]`)) {
      setText(element, servers[name]);
    }
  }
  setText(find("data-servers"), servers.note);
}

function pageLoadMs(): number | undefined {
  const [navigation] = performance.getEntriesByType("navigation");
  return navigation instanceof PerformanceNavigationTiming ? navigation.responseEnd : undefined;
}

/** On a phone the diagram is one line that opens. Returns its cleanup. */
export function bindDiagram(replay: () => void): () => void {
  const toggle = find("data-diagram-toggle");
  const cleanups = [
    listen(toggle, "click", () => {
      const isOpen = document.body.classList.toggle("diagram-open");
      toggle.ariaExpanded = String(isOpen);
    }),
    listen(find("data-replay"), "click", replay),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
}

function socketState({ state }: DiagramStep): string {
  const names = {
    idle: "closed",
    skipped: "closed",
    active: "opening",
    done: "open",
    failed: "broken",
  };
  return names[state];
}

function describeStep({ state, ms }: DiagramStep): string {
  switch (state) {
    case "idle":
      return "";
    case "active":
      return "…";
    case "done":
      return ms === undefined ? "done" : formatMs(ms);
    case "failed":
      return "failed";
    case "skipped":
      return "not needed";
    default:
      return state satisfies never;
  }
}

/** Both bars on one scale: the function's is a sliver beside the WebSocket's. */
function renderBars(
  bars: { function: HTMLElement; socket: HTMLElement },
  { steps, lastRunMs = 0, openedAt }: Diagram,
  now: number,
): void {
  const openMs = openedAt === undefined ? 0 : Math.max(0, now - openedAt);
  const runMs = steps.function.state === "done" ? lastRunMs : 0;
  const longest = Math.max(openMs, runMs, MIN_SCALE_MS);
  bars.function.style.width = `${(100 * runMs) / longest}%`;
  bars.socket.style.width = `${(100 * openMs) / longest}%`;
}

/**
 * A dot that runs along the WebSocket's bar, unless the person wants less motion.
 * @param count How many messages went that way since the page was last drawn.
 */
function showDot(bar: HTMLElement, direction: "sent" | "received", count: number): void {
  if (count === 0 || count > MAX_FOLLOWED) return;
  if (REDUCED_MOTION.matches || bar.childElementCount >= MAX_DOTS) return;
  const dot = document.createElement("b");
  dot.className = direction;
  dot.addEventListener("animationend", () => dot.remove());
  bar.append(dot);
}
