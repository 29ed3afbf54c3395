/** SHOWN. Finds and changes elements of the page. */

/** Returns the one element that index.html marks with an attribute. Throws if there is none. */
export function find<E extends Element = HTMLElement>(
  mark: string,
  within: ParentNode = document,
): E {
  const element = within.querySelector<E>(`[${mark}]`);
  if (!element) throw new Error(`index.html has no ${mark}`);
  return element;
}

/** What this page last wrote. A translating browser replaces the text that is in the document. */
const written = new WeakMap<Element, string>();

/** Returns whether the page last wrote something else there, and remembers the text. */
export function isChange(element: Element, text: string): boolean {
  const isChanged = written.get(element) !== text;
  written.set(element, text);
  return isChanged;
}

/** Writes only what has changed: screen readers announce a live region again when it is written. */
export function setText(element: Element, text: string): void {
  if (isChange(element, text)) element.textContent = text;
}

/** Returns its cleanup. */
export function listen<Name extends keyof HTMLElementEventMap>(
  target: HTMLElement,
  name: Name,
  listener: (event: HTMLElementEventMap[Name]) => void,
): () => void;
export function listen(target: EventTarget, name: string, listener: () => void): () => void;
export function listen(target: EventTarget, name: string, listener: EventListener): () => void {
  target.addEventListener(name, listener);
  return () => target.removeEventListener(name, listener);
}
