import type { Words } from "../state/words.ts";
import { isChange } from "./dom.ts";

/** Writes a sentence. Its names cannot change the direction of the words around them. */
export function setWords(element: Element, words: Words): void {
  if (!isChange(element, JSON.stringify(words))) return;
  element.replaceChildren(
    ...words.map((part) => {
      if (typeof part === "string") return part;
      const name = document.createElement("bdi");
      name.className = "name";
      name.translate = false;
      name.textContent = part.name;
      return name;
    }),
  );
}

export function copy(template: HTMLTemplateElement): HTMLElement {
  const element = template.content.firstElementChild?.cloneNode(true);
  if (!(element instanceof HTMLElement)) throw new Error("A template is empty");
  return element;
}

/** Puts children in order. It moves only those out of place, so that a log announces what is new. */
export function arrange(parent: Element, children: Element[]): void {
  const wanted = new Set(children);
  for (const child of Array.from(parent.children)) if (!wanted.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

/** Rejects where the browser has no clipboard, as on an address without HTTPS. */
export async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}
