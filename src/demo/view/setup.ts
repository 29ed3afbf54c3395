/** SHOWN. For a site without an Ably key: where to set it. It loads only then. */
import { type Place, WHAT_ABLY_IS, setUpSteps } from "../state/steps.ts";
import { isOnThisComputer } from "./place.ts";
import { createSteps } from "./steps.ts";

export function showSetup(parent: HTMLElement): void {
  const onThisComputer: Place = import.meta.env.DEV ? "dev" : "serve";
  const isHere = import.meta.env.DEV || isOnThisComputer(location.hostname);
  const intro = document.createElement("p");
  intro.className = "quiet";
  intro.textContent = WHAT_ABLY_IS;
  parent.replaceChildren(intro, createSteps(setUpSteps(isHere ? onThisComputer : "netlify")));
}
