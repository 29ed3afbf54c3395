/** SHOWN. For a site without an Ably key: where to set it. It loads only then. */
import { type Place, setUpSteps } from "../state/steps.ts";
import { isOnThisComputer } from "./place.ts";
import { createSteps } from "./steps.ts";

export function showSetup(parent: HTMLElement): void {
  const onThisComputer: Place = import.meta.env.DEV ? "dev" : "serve";
  const place = isOnThisComputer(location.hostname) ? onThisComputer : "netlify";
  parent.replaceChildren(createSteps(setUpSteps(import.meta.env.DEV ? "dev" : place)));
}
