import { describeConnection, findProblem } from "../state/problems.ts";
import type { State } from "../state/state.ts";
import { find, listen, setText } from "./dom.ts";

/** The connection in words at the top, and a panel while something is wrong. */
export function renderStatus(): (state: State) => void {
  const room = find("data-room");
  const status = find("data-status");
  const panel = find("data-problem");
  const title = find("data-problem-title");
  const detail = find("data-problem-detail");
  const retry = find("data-retry");

  return (state) => {
    setText(room, state.room);
    setText(status, describeConnection(state));
    status.dataset.state = state.connection.state;
    const problem = findProblem(state);
    panel.hidden = !problem;
    setText(title, problem?.title ?? "");
    setText(detail, problem?.detail ?? "");
    retry.hidden = !problem?.canRetry;
  };
}

/** Names the deploy context, unless it is production. */
export function renderContext(context = "production"): void {
  const pill = find("data-context");
  pill.hidden = context === "production";
  pill.title = "This is not production: its rooms are separate.";
  setText(pill, context);
}

/** Returns its cleanup. */
export function bindRetry(retry: () => void): () => void {
  return listen(find("data-retry"), "click", retry);
}
