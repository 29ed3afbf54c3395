/**
 * SHOWN, until local-ably/ goes. Only in development with local Ably: buttons that break the
 * connection for real, to watch the page recover. No build holds this folder.
 */
import type { Connection } from "../../realtime/index.ts";
import { nameServers } from "../view/diagram.ts";
import { find } from "../view/dom.ts";
import { createFirstSteps } from "./first-steps.ts";
import { LOCAL_SERVERS } from "./words.ts";

type Fault = {
  label: string;
  steps: (connectionId: string) => string[];
  /** What to watch, where the page does not show it at once. */
  hint?: string;
};

const REFUSAL_MS = 10_000;
const RESTART_MS = 3_000;

const FAULTS: Fault[] = [
  {
    label: "Drop my connection",
    steps: (id) => [`drop?connectionId=${id}`],
    hint: "It is back in milliseconds: see the connection log.",
  },
  {
    label: "Refuse connections for 10 s",
    steps: () => [`refuseConnections?ms=${REFUSAL_MS}`, "dropAll"],
    hint: "Send something meanwhile. Each page reconnects at its next attempt, or with “Try again”.",
  },
  {
    label: "Expire my token now",
    steps: (id) => [`expireToken?connectionId=${id}`],
    hint: "The function has signed once more.",
  },
  {
    label: "Delay messages by 1 s",
    steps: () => ["delay?ms=1000"],
    hint: "Everything from Ably arrives late, on every page, until “No delay”.",
  },
  { label: "No delay", steps: () => ["delay?ms=0"] },
  {
    label: "Stop Ably, and start it again empty",
    steps: () => [`refuseConnections?ms=${RESTART_MS}`, "forget"],
    hint: "It answers again in 3 s. Each page reconnects at its next attempt, or with “Try again”.",
  },
];

/** Names local Ably on the page, and adds the buttons and the first steps. Returns its cleanup. */
export function showPractice(connection: Connection): () => void {
  nameServers(LOCAL_SERVERS);
  const drawer = createDrawer(() => connection.client.connection.id);
  const steps = createFirstSteps(connection);
  find("data-diagram").after(...(steps ? [steps] : []));
  find("data-side").append(drawer);
  return () => [drawer, steps].forEach((element) => element?.remove());
}

function createDrawer(readConnectionId: () => string | undefined): HTMLElement {
  const drawer = document.createElement("details");
  drawer.dataset.practice = "";
  const summary = document.createElement("summary");
  summary.textContent = "Practice faults (local Ably only)";
  const row = document.createElement("p");
  row.className = "row";
  const result = document.createElement("p");
  result.className = "note";
  result.textContent = "Press a button, and watch the page recover.";
  result.setAttribute("role", "status");
  const buttons = FAULTS.map(({ label, steps, hint = "" }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", async () => {
      const failure = await run(steps(readConnectionId() ?? ""));
      result.textContent = failure ?? `${label}: done. ${hint}`;
    });
    return button;
  });
  row.append(...buttons);
  drawer.append(summary, result, row);
  return drawer;
}

/** Runs the steps in turn. Resolves with a sentence if one was refused. */
async function run(steps: string[]): Promise<string | undefined> {
  for (const step of steps) {
    const response = await fetch(`/local-ably/faults/${step}`, { method: "POST" });
    if (response.status === 403) return "Only a page that is opened on this computer may do that.";
    if (!response.ok) return `Local Ably answered ${response.status}. Is this page connected?`;
  }
  return undefined;
}
