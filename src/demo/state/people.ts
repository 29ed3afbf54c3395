/** The people of the room: one for each client ID, however many tabs it has open. */
import type { Identity } from "../../realtime/identity.ts";
import type { Member } from "../../realtime/room.ts";
import type { Words } from "./words.ts";

/** How a person is shown, also on messages after they have left. */
export type Appearance = { name: string; hue: number };

export type Appearances = ReadonlyMap<string, Appearance>;

export type Person = Appearance & {
  clientId: string;
  tabs: number;
  isMe: boolean;
};

/** In degrees of the colour wheel, far enough apart to be told from one another. */
const HUES = Array.from({ length: 12 }, (_, index) => index * 30);
/** A tab that was lost while its person typed cannot say that they stopped. */
const TYPING_LASTS_MS = 6_000;
const MAX_APPEARANCES = 1_000;

/** Me first, then the others by name. */
export function peopleOf(members: Member[], me: Identity, appearances: Appearances): Person[] {
  const people = new Map<string, Person>();
  for (const { clientId } of members) {
    const isMe = clientId === me.clientId;
    const tabs = (people.get(clientId)?.tabs ?? 0) + 1;
    people.set(clientId, { ...appearanceOf(clientId, appearances), clientId, tabs, isMe });
  }
  return [...people.values()].toSorted(
    (a, b) => Number(b.isMe) - Number(a.isMe) || a.name.localeCompare(b.name),
  );
}

export function appearanceOf(clientId: string, appearances: Appearances): Appearance {
  return appearances.get(clientId) ?? { name: clientId, hue: preferredHue(clientId) };
}

type Subject = { clientId: string; name: string };

/**
 * Decides how people are shown. A person keeps their hue. A new one gets the hue that is farthest
 * from those in view. The same map is returned if nothing has changed.
 * @param inView The client IDs of members and authors, who are not forgotten when there are too many.
 */
export function updateAppearances(
  before: Appearances,
  subjects: Subject[],
  inView: () => Iterable<string>,
): Appearances {
  const changed = subjects.filter(({ clientId, name }) => before.get(clientId)?.name !== name);
  if (changed.length === 0) return before;
  const after = new Map(before);
  const kept = new Set([...subjects.map(({ clientId }) => clientId), ...inView()]);
  for (const { clientId, name } of changed) {
    const taken = [...kept].flatMap((other) => after.get(other)?.hue ?? []);
    after.set(clientId, { name, hue: after.get(clientId)?.hue ?? chooseHue(clientId, taken) });
  }
  if (after.size <= MAX_APPEARANCES) return after;
  return new Map([...after].filter(([clientId]) => kept.has(clientId)));
}

function chooseHue(clientId: string, taken: number[]): number {
  const preferred = preferredHue(clientId);
  const room = (hue: number) => Math.min(180, ...taken.map((other) => distance(hue, other)));
  const ranked = HUES.toSorted(
    (a, b) => room(b) - room(a) || distance(a, preferred) - distance(b, preferred),
  );
  return ranked[0] ?? preferred;
}

function distance(a: number, b: number): number {
  const difference = Math.abs(a - b);
  return Math.min(difference, 360 - difference);
}

/** The FNV-1a hash of the client ID decides. */
function preferredHue(clientId: string): number {
  let hash = 0x811c9dc5;
  for (const character of clientId.slice(0, 128)) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return HUES[(hash >>> 0) % HUES.length] ?? 0;
}

/** "Ada is typing…", or nothing. */
export function describeTyping(members: Member[], me: Identity, now: number): Words {
  const typing = members.filter(
    ({ clientId, isTyping, seenAt }) =>
      isTyping && clientId !== me.clientId && now - seenAt < TYPING_LASTS_MS,
  );
  const names = [...new Map(typing.map(({ clientId, name }) => [clientId, { name }])).values()];
  const [first, second] = names;
  if (!first) return [];
  if (!second) return [first, " is typing…"];
  return names.length === 2
    ? [first, " and ", second, " are typing…"]
    : ["Several people are typing…"];
}
