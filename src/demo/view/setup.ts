/** SHOWN. For a site without an Ably key: where to set it. It loads only then. */
import { type Place, WHAT_ABLY_IS, setUpSteps } from "../state/steps.ts";
import { createSteps } from "./steps.ts";

export function showSetup(parent: HTMLElement, isLocal: boolean): void {
  const place: Place = import.meta.env.DEV ? "dev" : isLocal ? "serve" : "netlify";
  const intro = document.createElement("p");
  intro.className = "quiet";
  intro.textContent = WHAT_ABLY_IS;
  parent.replaceChildren(intro, createSteps(setUpSteps(place)));
}
