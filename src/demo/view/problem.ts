/** SHOWN. The panel that says what is wrong and what to do. */
import { findProblem } from "../state/problems.ts";
import type { State } from "../state/state.ts";
import { find, listen, setText } from "./dom.ts";
import { isInThisNetwork } from "./place.ts";

export function renderProblem(): (state: State) => void {
  const panel = find("data-problem");
  const title = find("data-problem-title");
  const detail = find("data-problem-detail");
  const retry = find("data-retry");
  const setup = find("data-setup");
  let loading: Promise<void> | undefined;
  let hasSteps = false;

  let latest: State;
  const render = (state: State) => {
    latest = state;
    const problem = findProblem(state);
    const isSetup = problem?.summary !== undefined;
    panel.hidden = !problem;
    panel.classList.toggle("setup", isSetup && hasSteps);
    document.body.classList.toggle("setting-up", isSetup && hasSteps);
    setup.hidden = !isSetup;
    setText(title, problem?.title ?? "");
    setText(detail, (hasSteps ? problem?.summary : undefined) ?? problem?.detail ?? "");
    setText(retry, problem?.action === "reload" ? "Reload" : "Try again");
    retry.hidden = !problem?.canRetry;
    if (!isSetup) return;
    // If the steps cannot be loaded, the function's own words stay: they say the same in short.
    loading ??= import("./setup.ts").then(
      ({ showSetup }) => {
        showSetup(setup, isInThisNetwork(location.hostname));
        hasSteps = true;
        render(latest);
      },
      () => {},
    );
  };
  return render;
}

export function bindRetry(retry: () => void): () => void {
  return listen(find("data-retry"), "click", retry);
}
