/** SHOWN. Numbered steps with lines to copy. */
import type { Step } from "../state/steps.ts";
import { copyAndSay } from "./content.ts";

/** A numbered list. Each line to paste has a button that copies it. */
export function createSteps(steps: Step[]): HTMLElement {
  const list = document.createElement("ol");
  list.className = "todo";
  list.append(
    ...steps.map(({ words, line }) => {
      const item = document.createElement("li");
      const sentence = document.createElement("p");
      sentence.append(
        ...words.map((part) => (typeof part === "string" ? part : createLink(part.text, part.url))),
      );
      item.append(sentence);
      if (line !== undefined) item.append(createPaste(line));
      return item;
    }),
  );
  return list;
}

function createLink(text: string, url: string): HTMLAnchorElement {
  // Without an opener, the new tab is a person of its own.
  return Object.assign(document.createElement("a"), {
    href: url,
    target: "_blank",
    rel: "noopener",
    textContent: text,
  });
}

function createPaste(line: string): HTMLElement {
  const row = document.createElement("p");
  row.className = "row";
  const code = document.createElement("code");
  code.textContent = line;
  code.translate = false;
  code.dir = "ltr";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  const result = document.createElement("span");
  result.setAttribute("role", "status");
  result.className = "quiet";
  button.addEventListener("click", () => copyAndSay(line, result));
  row.append(code, button, result);
  return row;
}
