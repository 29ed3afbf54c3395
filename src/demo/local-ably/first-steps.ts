/** SHOWN, until local-ably/ goes. What to do after the first `npm run dev`. */
import type { Connection } from "../../realtime/index.ts";
import { createSteps } from "../view/steps.ts";
import { firstSteps } from "./words.ts";

const DONE = "first-steps-done";

/** Returns undefined if somebody has closed it in this browser. */
export function createFirstSteps({ storages }: Connection): HTMLElement | undefined {
  if (storages.site.read(DONE) !== undefined) return undefined;
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
    // Where storage is full, the steps come back with the next load.
    storages.site.write("yes", DONE);
  });
  section.append(title, createSteps(firstSteps(location.href)), button);
  return section;
}
