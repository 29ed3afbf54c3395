/** SHOWN. The list of people in the room. */
import { type Person, initialsOf, peopleOf } from "../state/people.ts";
import type { State } from "../state/state.ts";
import { find, listen, setText } from "./dom.ts";
import { arrange, clone, setWords } from "./content.ts";

export function renderPeople(): (state: State) => void {
  const list = find("data-people");
  const everyone = find("data-everyone");
  const template = find<HTMLTemplateElement>("data-person-template");
  const myTemplate = find<HTMLTemplateElement>("data-me-template");
  let items = new Map<string, HTMLElement>();
  let rendered: unknown[] = [];

  return (state) => {
    const shown = [state.members, state.appearances, state.me];
    if (shown.every((part, index) => part === rendered[index])) return;
    rendered = shown;
    const people = peopleOf(state.members, state);
    const before = items;
    items = new Map(
      people.map((person) => {
        const known = before.get(person.clientId);
        return [person.clientId, fill(known ?? clone(person.isMe ? myTemplate : template), person)];
      }),
    );
    arrange(list, [...items.values()]);
    list.ariaLabel = people.length === 1 ? "1 person here" : `${people.length} people here`;
    everyone.hidden = people.length < 2;
    setWords(everyone, [{ value: String(people.length) }, " people"]);
  };
}

/** The button with the number of people shows all of them, or one row again. Returns its cleanup. */
export function bindPeople(): () => void {
  const everyone = find("data-everyone");
  return listen(everyone, "click", () => {
    everyone.ariaExpanded = String(everyone.ariaExpanded !== "true");
  });
}

function fill(item: HTMLElement, { name, hue, isMe, tabs }: Person): HTMLElement {
  const avatar = find("data-avatar", item);
  avatar.style.setProperty("--hue", String(hue));
  setText(avatar, initialsOf(name));
  setText(find("data-name", item), name);
  const notes = isMe ? ["you"] : [];
  if (tabs > 1) notes.push(`${tabs} tabs`);
  setText(find("data-detail", item), notes.join(", "));
  return item;
}
