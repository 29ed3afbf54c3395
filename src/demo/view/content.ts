/** SHOWN. Writes sentences, links and lists into the page. */
import { findLinks } from "../state/links.ts";
import type { Words } from "../state/words.ts";
import { isChange, setText } from "./dom.ts";

/** The elements with the names and values of a sentence, which outlive a translation of its words. */
const written = new WeakMap<Element, HTMLElement[]>();

/**
 * Writes a sentence. If only its names and values have changed, its words stay, because the browser
 * may have translated them. A name cannot change the direction of the words around it.
 */
export function setWords(element: Element, words: Words): void {
  const parts = words.filter((part) => typeof part !== "string");
  const pattern = words.map((part) => (typeof part === "string" ? part : Object.keys(part)));
  if (isChange(element, JSON.stringify(pattern))) {
    const elements = parts.map(createPart);
    const rest = [...elements];
    const nodes = words.map((part) => (typeof part === "string" ? part : (rest.shift() ?? "")));
    element.replaceChildren(...nodes);
    written.set(element, elements);
  }
  written.get(element)?.forEach((item, index) => {
    setText(item, Object.values(parts[index] ?? {}).join(""));
  });
}

function createPart(part: Exclude<Words[number], string>): HTMLElement {
  const isName = "name" in part;
  const item = document.createElement(isName ? "bdi" : "span");
  item.translate = false;
  if (isName) item.className = "name";
  return item;
}

/** Writes a text whose addresses can be opened. Their direction is their own in any sentence. */
export function setLinkedText(element: Element, text: string, isCut: boolean): void {
  if (!isChange(element, text)) return;
  element.replaceChildren(
    ...findLinks(text, isCut).map((part) => {
      if (typeof part === "string") return part;
      const link = document.createElement("a");
      link.href = part.url;
      link.textContent = part.text;
      link.target = "_blank";
      link.rel = "noopener noreferrer nofollow ugc";
      link.dir = "ltr";
      link.translate = false;
      return link;
    }),
  );
}

export function clone(template: HTMLTemplateElement): HTMLElement {
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

/** Copies a text, and says in an element whether it could. */
export function copyAndSay(text: string, result: Element): void {
  copyText(text).then(
    () => setText(result, "Copied"),
    () => setText(result, "The browser did not allow copying. Select the text instead."),
  );
}

/** Rejects where the browser has no clipboard, as on an address without HTTPS. */
export async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}
