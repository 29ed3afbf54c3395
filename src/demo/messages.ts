import { copy, find } from "./dom.ts";
import { type Line, MAX_LINES, type State, nameOf } from "./state.ts";

const DELIVERY = { sending: "sending…", delivered: "", failed: "not sent" } as const;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** The list of messages. It follows what is new only while its end is in view. */
export function createMessages(): (state: State) => void {
  const list = find("data-messages");
  const empty = find("data-empty");
  const forgotten = find("data-forgotten");
  const template = find<HTMLTemplateElement>("data-line-template");
  const drawn = new Map<string, { line: Line; name: string; item: HTMLElement }>();

  function itemOf(line: Line, name: string): HTMLElement {
    const before = drawn.get(line.id);
    if (before?.line === line && before.name === name) return before.item;
    const item = draw(line, name, before?.item ?? copy(template));
    drawn.set(line.id, { line, name, item });
    return item;
  }

  return (state) => {
    const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
    const items = state.lines.map((line) => itemOf(line, nameOf(state, line.clientId)));
    arrange(list, items);
    const kept = new Set(state.lines.map(({ id }) => id));
    for (const id of drawn.keys()) if (!kept.has(id)) drawn.delete(id);
    if (wasAtEnd) list.scrollTop = list.scrollHeight;

    empty.hidden = items.length > 0 || state.channel.state !== "attached";
    forgotten.hidden = state.forgotten === 0;
    forgotten.textContent = `Only the last ${MAX_LINES} messages are shown.`;
  };
}

function draw(line: Line, name: string, item: HTMLElement): HTMLElement {
  item.classList.toggle("mine", line.isMine);
  item.classList.toggle("history", line.isHistory);
  item.classList.toggle("raw", line.isRaw);
  item.dataset.id = line.id;
  item.dataset.delivery = line.delivery;
  find("data-sender", item).textContent = line.isMine ? `${name} (you)` : name;
  find("data-body", item).textContent = line.text;
  find("data-delivery", item).textContent = DELIVERY[line.delivery];
  const time = find<HTMLTimeElement>("data-time", item);
  const date = new Date(line.timestamp);
  time.dateTime = date.toISOString();
  time.textContent = TIME.format(date);
  return item;
}

/** Puts the children in order and touches only those out of place: a log announces what is added. */
function arrange(parent: HTMLElement, children: HTMLElement[]): void {
  const wanted = new Set(children);
  for (const child of Array.from(parent.children)) {
    if (!wanted.has(child as HTMLElement)) child.remove();
  }
  children.forEach((child, index) => {
    const there = parent.children[index];
    if (there !== child) parent.insertBefore(child, there ?? null);
  });
}
