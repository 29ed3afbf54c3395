import { copy, find, listen, setText } from "./dom.ts";
import { type Person, hueOf, initialsOf, peopleOf } from "./person.ts";
import type { State } from "./state.ts";

/** Who is here: one entry a person, whatever the number of their tabs. */
export function drawPeople(): (state: State) => void {
  const list = find("data-people");
  const count = find("data-people-count");
  const name = find<HTMLInputElement>("data-name-input");
  const template = find<HTMLTemplateElement>("data-person-template");
  let drawn: unknown[] = [];

  return ({ members, me, now }) => {
    // Drawn anew only when something in it has changed, and not at every tick.
    if (drawn[0] === members && drawn[1] === me) return;
    if (drawn[1] !== me) name.value = me.name;
    drawn = [members, me];
    const people = peopleOf(members, me, now);
    setText(count, people.length > 0 ? `(${people.length})` : "");
    list.replaceChildren(...people.map((person) => fill(copy(template), person)));
  };
}

/** The form that changes my name. Returns its undo. */
export function bindRename(rename: (name: string) => void): () => void {
  const form = find<HTMLFormElement>("data-rename");
  const input = find<HTMLInputElement>("data-name-input");
  return listen(form, "submit", (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (name !== "") rename(name);
  });
}

function fill(item: HTMLElement, { clientId, name, isMe, tabs }: Person): HTMLElement {
  const avatar = find("data-avatar", item);
  avatar.style.setProperty("--hue", String(hueOf(clientId)));
  setText(avatar, initialsOf(name));
  setText(find("data-name", item), name);
  const notes = [...(isMe ? ["you"] : []), ...(tabs > 1 ? [`${tabs} tabs`] : [])];
  setText(find("data-detail", item), notes.join(", "));
  item.title = clientId;
  return item;
}
