/** Looks up the one element that index.html marks with an attribute. Throws if there is none. */
export function find<E extends HTMLElement = HTMLElement>(
  mark: string,
  within: ParentNode = document,
): E {
  const element = within.querySelector<E>(`[${mark}]`);
  if (!element) throw new Error(`index.html has no element marked ${mark}`);
  return element;
}

/** A copy of a <template>'s one element. */
export function copy(template: HTMLTemplateElement): HTMLElement {
  const element = template.content.firstElementChild?.cloneNode(true);
  if (!(element instanceof HTMLElement)) throw new Error("A template is empty");
  return element;
}
