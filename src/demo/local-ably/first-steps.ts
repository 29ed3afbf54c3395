/** SHOWN, until local-ably/ goes. What to do after the first `npm run dev`. */
import { createSteps } from "../view/steps.ts";
import { firstSteps } from "./words.ts";

const DONE = "first-steps-done";

/** Returns undefined if somebody has closed it in this browser. */
export function createFirstSteps(): HTMLElement | undefined {
  if (isDone()) return undefined;
  const section = document.createElement("section");
  section.className = "first-steps";
  section.dataset.firstSteps = "";
  const title = document.createElement("h2");
  title.textContent = "What to do next";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Got it";
  button.addEventListener("click", () => {
    section.remove();
    remember();
  });
  section.append(title, createSteps(firstSteps(location.href)), button);
  return section;
}

/** Storage may be forbidden by the browser's settings. */
function isDone(): boolean {
  try {
    return localStorage.getItem(DONE) !== null;
  } catch {
    return false;
  }
}

function remember(): void {
  try {
    localStorage.setItem(DONE, "yes");
  } catch {
    // The steps then come back with the next load.
  }
}
