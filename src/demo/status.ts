import { find } from "./dom.ts";
import { describeConnection, findProblem } from "./problem.ts";
import type { State } from "./state.ts";

/** The connection in words at the top, and a panel while something is wrong. */
export function createStatus(onRetry: () => void): (state: State) => void {
  const status = find("data-status");
  const panel = find("data-problem");
  const title = find("data-problem-title");
  const detail = find("data-problem-detail");
  const retry = find<HTMLButtonElement>("data-retry");
  retry.addEventListener("click", onRetry);

  return (state) => {
    setText(status, describeConnection(state));
    status.dataset.state = state.connection.state;
    const problem = findProblem(state);
    panel.hidden = !problem;
    setText(title, problem?.title ?? "");
    setText(detail, problem?.detail ?? "");
    retry.hidden = !problem?.canRetry;
  };
}

/** Screen readers announce a live region again when its text is set, even to the same. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
