/**
 * Development with local Ably only: buttons that break things for real, so that one can watch the
 * page recover. main.ts imports this file only where local Ably answers; no build holds it.
 */
type Fault = {
  label: string;
  steps: (connectionId: string) => string[];
  /** What to look out for, where the page does not show it at once. */
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
    hint: "Send something meanwhile. Each page is back at its next try, or with “Try again now”.",
  },
  {
    label: "Expire my token now",
    steps: (id) => [`expireToken?connectionId=${id}`],
    hint: "The function has signed once more: see its runs.",
  },
  {
    label: "Delay messages by 1 s",
    steps: () => ["delay?ms=1000"],
    hint: "All that Ably says comes late, for everyone, until “No delay”.",
  },
  { label: "No delay", steps: () => ["delay?ms=0"] },
  {
    label: "Stop Ably, and start it again empty",
    steps: () => [`refuseConnections?ms=${RESTART_MS}`, "forget"],
    hint: "It answers again in 3 s. Each page is back at its next try, or with “Try again now”.",
  },
];

export function createPractice(readConnectionId: () => string | undefined): HTMLElement {
  const drawer = document.createElement("details");
  drawer.className = "panel";
  drawer.dataset.practice = "";
  const summary = document.createElement("summary");
  summary.textContent = "Practice faults (local Ably only)";
  const row = document.createElement("p");
  row.className = "row";
  const said = document.createElement("span");
  said.className = "quiet";
  said.setAttribute("role", "status");
  const buttons = FAULTS.map(({ label, steps, hint = "" }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", async () => {
      const failure = await run(steps(readConnectionId() ?? ""));
      said.textContent = failure ?? `${label}: done. ${hint}`;
    });
    return button;
  });
  row.append(...buttons, said);
  drawer.append(summary, row);
  return drawer;
}

/** Runs the steps in turn. Resolves with a sentence if one was refused. */
async function run(steps: string[]): Promise<string | undefined> {
  for (const step of steps) {
    const response = await fetch(`/local-ably/faults/${step}`, { method: "POST" });
    if (response.status === 403) return "Only a page opened on this very machine may do that.";
    if (!response.ok) return `Local Ably answered ${response.status}: is this page connected?`;
  }
  return undefined;
}
