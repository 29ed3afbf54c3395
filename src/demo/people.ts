import { copy, find } from "./dom.ts";
import { type Person, type State, people } from "./state.ts";

/** Who is here: one entry a person, whatever the number of their tabs. */
export function createPeople(): (state: State) => void {
  const list = find("data-people");
  const count = find("data-people-count");
  const template = find<HTMLTemplateElement>("data-person-template");

  return (state) => {
    const found = people(state);
    count.textContent = found.length > 0 ? `(${found.length})` : "";
    list.replaceChildren(...found.map((person) => draw(person, copy(template))));
  };
}

function draw({ clientId, name, isMe, tabs }: Person, item: HTMLElement): HTMLElement {
  item.dataset.clientId = clientId;
  find("data-name", item).textContent = name;
  const notes = [...(isMe ? ["you"] : []), ...(tabs > 1 ? [`${tabs} tabs`] : [])];
  find("data-detail", item).textContent = notes.join(", ");
  return item;
}
