import { arrange, copy, find, listen, setText } from "./dom.ts";
import { describeTyping, hueOf, peopleOf } from "./person.ts";
import { type State, nameOf } from "./state.ts";
import { type Entry, type Line, MAX_ENTRIES, dividerBetween, keyOf, toJson } from "./timeline.ts";

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
/** How near to its end the list counts as at its end, px. */
const END_TOLERANCE = 24;

type Drawn = { item: HTMLElement; key: unknown[] };

/** The list of messages. It follows what is new only while its end is in view. */
export function drawMessages(): (state: State) => void {
  const list = find("data-messages");
  const empty = find("data-empty");
  const forgotten = find("data-forgotten");
  const unseen = find("data-unseen");
  const typing = find("data-typing");
  const lineTemplate = find<HTMLTemplateElement>("data-line-template");
  const noticeTemplate = find<HTMLTemplateElement>("data-notice-template");
  let drawn = new Map<string, Drawn>();
  let drawnEntries: Entry[] = [];

  function draw(state: State, entry: Entry, before: Entry | undefined): Drawn {
    const divider = dividerBetween(before, entry, state.unseen.firstId);
    const isLine = entry.kind === "line";
    const name = isLine ? nameOf(state, entry.clientId) : "";
    const delivery = isLine ? describeDelivery(entry, state) : "";
    const key = [entry, divider, name, delivery];
    const known = drawn.get(keyOf(entry));
    if (known && known.key.every((part, index) => part === key[index])) return known;

    const item = known?.item ?? copy(isLine ? lineTemplate : noticeTemplate);
    const mark = find("data-divider", item);
    mark.hidden = !divider;
    setText(mark, divider ?? "");
    setText(find("data-body", item), entry.text);
    if (isLine) fillLine(item, entry, name, delivery);
    return { item, key };
  }

  return (state) => {
    const { entries } = state.timeline;
    const all = entries.map((entry, index) => draw(state, entry, entries[index - 1]));
    drawn = new Map(entries.map((entry, index) => [keyOf(entry), all[index] as Drawn]));
    arrange(
      list,
      all.map(({ item }) => item),
    );
    if (state.isFollowing && entries !== drawnEntries) list.scrollTop = list.scrollHeight;
    drawnEntries = entries;

    const { count } = state.unseen;
    unseen.hidden = count === 0;
    setText(unseen, count === 1 ? "1 new message ↓" : `${count} new messages ↓`);
    empty.hidden = entries.length > 0 || state.channel.state !== "attached";
    forgotten.hidden = state.timeline.forgotten === 0;
    setText(forgotten, `Only the last ${MAX_ENTRIES} entries are kept here.`);
    setText(typing, describeTyping(peopleOf(state.members, state.me, state.now)));
  };
}

/** Returns its undo. */
export function bindMessages(
  onScroll: (isAtEnd: boolean) => void,
  onResend: (id: string) => void,
): () => void {
  const list = find("data-messages");
  const unseen = find("data-unseen");
  let wasAtEnd = true;
  const undos = [
    listen(list, "scroll", () => {
      const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < END_TOLERANCE;
      if (isAtEnd !== wasAtEnd) onScroll((wasAtEnd = isAtEnd));
    }),
    listen(unseen, "click", () => {
      list.scrollTop = list.scrollHeight;
      list.focus();
    }),
    listen(list, "click", ({ target }) => {
      if (!(target instanceof HTMLElement) || !target.matches("[data-resend]")) return;
      const { id } = target.closest<HTMLElement>("[data-id]")?.dataset ?? {};
      if (id !== undefined) onResend(id);
    }),
  ];
  return () => undos.forEach((undo) => undo());
}

function fillLine(item: HTMLElement, line: Line, name: string, delivery: string): void {
  item.classList.toggle("mine", line.isMine);
  item.classList.toggle("history", line.isHistory);
  item.classList.toggle("unknown", line.isRaw);
  item.dataset.id = line.id;
  item.dataset.delivery = line.delivery;
  const sender = find("data-sender", item);
  sender.style.setProperty("--hue", String(hueOf(line.clientId)));
  setText(sender, line.isMine ? `${name} (you)` : name);
  setText(find("data-delivery", item), delivery);
  find("data-resend", item).hidden = line.delivery !== "failed";
  const time = find<HTMLTimeElement>("data-time", item);
  const date = new Date(line.timestamp);
  time.dateTime = date.toISOString();
  setText(time, TIME.format(date));

  const raw = find<HTMLDetailsElement>("data-raw", item);
  raw.hidden = !line.raw;
  // Written when it is opened: most never are.
  raw.ontoggle = () => {
    setText(find("data-json", item), raw.open ? toJson(line.raw, 2) : "");
    if (raw.open) raw.scrollIntoView({ block: "nearest" });
  };
}

function describeDelivery({ delivery, fault }: Line, { connection }: State): string {
  switch (delivery) {
    case "delivered":
      return "";
    case "sending":
      return connection.state === "connected" ? "sending…" : "waiting for the connection";
    case "failed":
      return `not sent: ${fault?.message ?? "no reason given"}`;
    default:
      return delivery satisfies never;
  }
}
