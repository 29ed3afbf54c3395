/** Looks up the one element that index.html marks with an attribute. Throws if there is none. */
export function find<E extends Element = HTMLElement>(
  mark: string,
  within: ParentNode = document,
): E {
  const element = within.querySelector<E>(`[${mark}]`);
  if (!element) throw new Error(`index.html has no element marked ${mark}`);
  return element;
}

/** A copy of the one element in a <template>. */
export function copy(template: HTMLTemplateElement): HTMLElement {
  const element = template.content.firstElementChild?.cloneNode(true);
  if (!(element instanceof HTMLElement)) throw new Error("A template is empty");
  return element;
}

/** Touches only what differs: a live region is announced again when its text is set, even to the same. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Puts children in order and moves only those out of place, so that a log announces what is added. */
export function arrange(parent: Element, children: Element[]): void {
  const wanted = new Set(children);
  for (const child of Array.from(parent.children)) if (!wanted.has(child)) child.remove();
  children.forEach((child, index) => {
    const there = parent.children[index];
    if (there !== child) parent.insertBefore(child, there ?? null);
  });
}

/** Rejects where the browser has no clipboard to give, as on an address without HTTPS. */
export async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}

/** Listens until the function that it returns is called. */
export function listen<Name extends keyof HTMLElementEventMap>(
  element: HTMLElement,
  name: Name,
  listener: (event: HTMLElementEventMap[Name]) => void,
): () => void {
  element.addEventListener(name, listener);
  return () => element.removeEventListener(name, listener);
}
