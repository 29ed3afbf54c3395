/** SHOWN. Who joined and who left, gathered in one notice until somebody writes. */
import type { Words } from "./words.ts";

export type Visit = { clientId: string; hasLeft: boolean };

type Person = { clientId: string };

/** As many members as Ably lists in one room. https://ably.com/docs/platform/pricing/limits */
const MAX_VISITS = 200;
const MAX_NAMES = 3;

const LIST = new Intl.ListFormat("en", { type: "conjunction" });

/** The difference between two presence lists. A second tab is no second person. */
export function visitsBetween(before: Person[], after: Person[]): Visit[] {
  const joined = missingFrom(before, after).map(({ clientId }) => ({ clientId, hasLeft: false }));
  const left = missingFrom(after, before).map(({ clientId }) => ({ clientId, hasLeft: true }));
  return [...joined, ...left];
}

function missingFrom(others: Person[], people: Person[]): Person[] {
  const known = new Set(others.map(({ clientId }) => clientId));
  return people.filter(({ clientId }) => !known.has(clientId));
}

/** Returns each person once, with what they did last. */
export function mergeVisits(before: Visit[], visits: Visit[]): Visit[] {
  const merged = new Map([...before, ...visits].map((visit) => [visit.clientId, visit]));
  return [...merged.values()].slice(-MAX_VISITS);
}

/** "Ada and Bob joined, Cy left". */
export function describeVisits(visits: Visit[], nameOf: (clientId: string) => string): Words {
  const sentence = (hasLeft: boolean, verb: string): Words => {
    const names = visits.filter((visit) => visit.hasLeft === hasLeft).map(toName);
    return names.length === 0 ? [] : [...listNames(names), verb];
  };
  const toName = ({ clientId }: Visit) => nameOf(clientId);
  const [joined, left] = [sentence(false, " joined"), sentence(true, " left")];
  return joined.length > 0 && left.length > 0 ? [...joined, ", ", ...left] : [...joined, ...left];
}

function listNames(names: string[]): Words {
  const shown = names.length === MAX_NAMES + 1 ? names : names.slice(0, MAX_NAMES);
  const others = names.length - shown.length;
  const items = others > 0 ? [...shown, `${others} others`] : shown;
  // The list is made of places, because a name may hold anything.
  const parts = LIST.formatToParts(items.map((_item, index) => String(index)));
  return parts.map(({ type, value }) => {
    const index = Number(value);
    if (type === "literal") return value;
    return index < shown.length ? { name: shown[index] ?? "" } : (items[index] ?? "");
  });
}
