/** SHOWN. The list of messages, and where it is scrolled to. */
import { appearanceOf } from "../state/appearances.ts";
import { type Clock, clockAt } from "../state/clock.ts";
import { continuationsOf, dividersOf } from "../state/dividers.ts";
import { cutAccents, excerptOf } from "../state/excerpt.ts";
import { describeTyping, initialsOf, nameOf } from "../state/people.ts";
import { type State, entriesOf } from "../state/state.ts";
import { type Entry, type Line, describeNotice } from "../state/timeline.ts";
import { describeRaw } from "../state/words.ts";
import { arrange, clone, setLinkedText, setWords } from "./content.ts";
import { find, listen, setText } from "./dom.ts";

/** How near to its end the list counts as at its end, in CSS px. */
const END_TOLERANCE = 24;

type Rendered = { item: HTMLElement; key: unknown[] };
/** What an entry shows that depends on others. */
type Context = { divider: string; isContinued: boolean; clock: Clock };

/** The list of messages. While its end is in view, it stays in view. */
export function renderMessages(): (state: State) => void {
  const list = find("data-messages");
  const empty = find("data-empty");
  const noMessages = find("data-no-messages");
  const forgotten = find("data-forgotten");
  const unseen = find("data-unseen");
  const typing = find("data-typing");
  const renderEntry = createEntryRenderer();
  let rendered = new Map<string, Rendered>();
  let renderedParts: unknown[] = [];

  function renderList(state: State, clock: Clock): void {
    const entries = entriesOf(state);
    const dividers = dividersOf(entries, state.unseen.firstKey, clock, state.now);
    const continuations = continuationsOf(entries, dividers);
    rendered = new Map(
      entries.map((entry, index) => {
        const [divider = "", isContinued = false] = [dividers[index], continuations[index]];
        const known = rendered.get(entry.key);
        return [entry.key, renderEntry(state, entry, { divider, isContinued, clock }, known)];
      }),
    );
    const items = [...rendered.values()].map(({ item }) => item);
    arrange(list, items);
    if (state.isFollowing) list.scrollTop = list.scrollHeight;
  }

  return (state) => {
    const { timeline, pending, unseen: news, appearances, me, isFollowing, room } = state;
    const clock = clockAt(state.now);
    const parts = [timeline, pending, news, appearances, me, isFollowing, clock];
    if (!parts.every((part, index) => part === renderedParts[index])) renderList(state, clock);
    renderedParts = parts;
    // A screen reader does not read out the history, which is in the list now.
    if (state.hasHistory) setTimeout(() => (list.ariaBusy = "false"));
    const { count } = news;
    unseen.hidden = count === 0 || isFollowing;
    setWords(unseen, [
      { value: String(count) },
      count === 1 ? " new message ↓" : " new messages ↓",
    ]);
    const isEmpty = timeline.entries.length + pending.length === 0;
    empty.hidden = !isEmpty || (state.connection.error ?? room.error) !== undefined;
    noMessages.hidden = room.state !== "attached" || !state.hasHistory;
    forgotten.hidden = !timeline.isCut;
    setWords(typing, describeTyping(state.members, state, state.now));
  };
}

function createEntryRenderer() {
  const lineTemplate = find<HTMLTemplateElement>("data-line-template");
  const noticeTemplate = find<HTMLTemplateElement>("data-notice-template");

  return (state: State, entry: Entry, context: Context, known?: Rendered): Rendered => {
    const { divider, isContinued, clock } = context;
    const isLine = entry.kind === "line";
    const words = isLine ? [] : describeNotice(entry, (clientId) => nameOf(state, clientId));
    const said = isLine ? nameOf(state, entry.clientId) : JSON.stringify(words);
    const { hue } = appearanceOf(isLine ? entry.clientId : "", state.appearances);
    const key = [entry, divider, isContinued, clock, said, hue];
    if (known?.key.every((part, index) => part === key[index])) return known;

    const item = known?.item ?? clone(isLine ? lineTemplate : noticeTemplate);
    const mark = find("data-divider", item);
    mark.hidden = divider === "";
    setText(mark, divider);
    item.classList.toggle("continued", isContinued);
    item.style.setProperty("--hue", String(hue));
    if (isLine) fillLine(item, state, entry, clock);
    else setWords(find("data-body", item), words);
    return { item, key };
  };
}

export function bindMessages(on: {
  scroll(isAtEnd: boolean): void;
  retry(id: string): void;
  discard(id: string): void;
}): () => void {
  const list = find("data-messages");
  const unseen = find("data-unseen");
  let isAtEnd = true;
  let knownRange = 0;
  const goToEnd = () => {
    list.scrollTop = list.scrollHeight;
  };
  const scrollRange = () => list.scrollHeight - list.clientHeight;
  const stopWatching = watchSizes(list, () => {
    if (isAtEnd) goToEnd();
    knownRange = scrollRange();
  });
  const cleanups = [
    listen(list, "scroll", () => {
      const wasAtEnd = isAtEnd;
      const isNear = scrollRange() - list.scrollTop < END_TOLERANCE;
      // If the size has just changed, the browser moved the list, and not a person.
      if (isNear || scrollRange() === knownRange) isAtEnd = isNear;
      knownRange = scrollRange();
      if (isAtEnd !== wasAtEnd) on.scroll(isAtEnd);
    }),
    listen(unseen, "click", () => {
      goToEnd();
      list.focus();
    }),
    listen(list, "click", ({ target }) => {
      if (!(target instanceof HTMLElement)) return;
      const { id } = target.closest<HTMLElement>("[data-id]")?.dataset ?? {};
      if (id === undefined) return;
      if (target.matches("[data-resend]")) on.retry(id);
      if (target.matches("[data-discard]")) on.discard(id);
    }),
    stopWatching,
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
}

/** Calls back when the size of the list changes, or of anything in it, even without a message. */
function watchSizes(list: HTMLElement, onChange: () => void): () => void {
  const sizes = new ResizeObserver(onChange);
  const children = new MutationObserver((records) => {
    // A line that moves is first removed. Only elements come and go here.
    for (const { addedNodes, removedNodes } of records) {
      for (const node of removedNodes) sizes.unobserve(node as Element);
      for (const node of addedNodes) sizes.observe(node as Element);
    }
  });
  sizes.observe(list);
  children.observe(list, { childList: true });
  return () => {
    sizes.disconnect();
    children.disconnect();
  };
}

/** Deliveries that look the same have one value of `data-delivery`. */
const SHOWN_AS: Partial<Record<Line["delivery"], string>> = {
  acknowledged: "delivered",
  unconfirmed: "failed",
};

function fillLine(item: HTMLElement, state: State, line: Line, clock: Clock): void {
  const name = nameOf(state, line.clientId);
  item.classList.toggle("mine", line.isMine);
  item.classList.toggle("history", line.isHistory);
  item.classList.toggle("unknown", line.isUnknown);
  const shownAs = SHOWN_AS[line.delivery] ?? line.delivery;
  item.dataset.delivery = shownAs;
  if (shownAs === "failed") item.dataset.id = line.id;
  fillText(item, line);
  setText(find("data-avatar", item), initialsOf(name));
  setText(find("data-sender", item), name);
  fillTime(find<HTMLTimeElement>("data-time", item), line, clock);
  const delivery = describeDelivery(line);
  find("data-delivery", item).hidden = delivery === "";
  setText(find("data-delivery-words", item), delivery);
  fillRaw(find<HTMLDetailsElement>("data-raw", item), line);
}

/** Writes the beginning of a long text, and all of it at the press of a button. */
function fillText(item: HTMLElement, line: Line): void {
  const body = find("data-body", item);
  const more = find("data-more", item);
  const isWhole = item.dataset.isWhole !== undefined;
  const shown = isWhole ? cutAccents(line.text) : excerptOf(line.text);
  const isCut = !isWhole && shown !== line.text;
  const text = isCut ? `${shown}…` : shown;
  if (line.isUnknown) setText(body, text);
  else setLinkedText(body, text, isCut);
  body.translate = !line.isUnknown;
  more.hidden = !isCut;
  more.onclick = () => {
    item.dataset.isWhole = "";
    fillText(item, line);
  };
}

/** Only Ably's clock is shown: this computer's may be wrong. */
function fillTime(time: HTMLTimeElement, { timestamp }: Line, clock: Clock): void {
  time.hidden = timestamp === undefined;
  if (timestamp === undefined) return;
  const date = new Date(timestamp);
  time.dateTime = date.toISOString();
  time.title = date.toLocaleString();
  setText(time, clock.time(timestamp));
}

/** The JSON is written when somebody opens it: most never is. */
function fillRaw(details: HTMLDetailsElement, { raw }: Line): void {
  details.hidden = raw === undefined;
  details.ontoggle = () => {
    setText(find("data-json", details), details.open ? cutAccents(describeRaw(raw)) : "");
  };
}

const WAITING = {
  connection: "Waiting for the connection…",
  room: "Waiting for the room…",
  turn: "Sending…",
  rate: "Waiting: too many at once…",
  error: "Waiting: Ably had an error…",
};

function describeDelivery({ delivery, waitsFor, error, isStored }: Line): string {
  const warning = isStored ? "" : " Keep this page open: the browser could not store it.";
  switch (delivery) {
    case "acknowledged":
      return "";
    case "publishing":
      return "Sending…";
    case "waiting":
      return `${WAITING[waitsFor ?? "turn"]}${warning}`;
    case "failed":
      return `Not sent: ${error?.message}${warning}`;
    case "unconfirmed":
      return `Not confirmed: ${error?.message}${warning}`;
    default:
      return delivery satisfies never;
  }
}
