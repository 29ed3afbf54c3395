import { findProblem } from "../state/problems.ts";
import type { State } from "../state/state.ts";
import { find, listen, setText } from "./dom.ts";

export function renderProblem(): (state: State) => void {
  const panel = find("data-problem");
  const title = find("data-problem-title");
  const detail = find("data-problem-detail");
  const retry = find("data-retry");

  return (state) => {
    const problem = findProblem(state);
    panel.hidden = !problem;
    setText(title, problem?.title ?? "");
    setText(detail, problem?.detail ?? "");
    retry.hidden = !problem?.canRetry;
  };
}

export function bindRetry(retry: () => void): () => void {
  return listen(find("data-retry"), "click", retry);
}
