import type { Words } from "../state/words.ts";

/** Returns the one element that index.html marks with an attribute. Throws if there is none. */
export function find<E extends Element = HTMLElement>(
  mark: string,
  within: ParentNode = document,
): E {
  const element = within.querySelector<E>(`[${mark}]`);
  if (!element) throw new Error(`index.html has no element marked ${mark}`);
  return element;
}

export function copy(template: HTMLTemplateElement): HTMLElement {
  const element = template.content.firstElementChild?.cloneNode(true);
  if (!(element instanceof HTMLElement)) throw new Error("A template is empty");
  return element;
}

/** What this page last wrote. A translating browser replaces the text that is in the document. */
const written = new WeakMap<Element, string>();

/** Writes only what has changed: screen readers announce a live region again when it is written. */
export function setText(element: Element, text: string): void {
  if (written.get(element) === text) return;
  written.set(element, text);
  element.textContent = text;
}

/** Writes a sentence. Its names cannot change the direction of the words around them. */
export function setWords(element: Element, words: Words): void {
  const text = JSON.stringify(words);
  if (written.get(element) === text) return;
  written.set(element, text);
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

export function listen<Name extends keyof HTMLElementEventMap>(
  element: HTMLElement,
  name: Name,
  listener: (event: HTMLElementEventMap[Name]) => void,
): () => void {
  element.addEventListener(name, listener);
  return () => element.removeEventListener(name, listener);
}
