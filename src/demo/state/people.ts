/** The people of the room: one for each client ID, however many tabs it has open. */
import type { Identity } from "../../realtime/identity.ts";
import type { Member } from "../../realtime/room.ts";
import { type Appearance, type Appearances, appearanceOf } from "./appearances.ts";
import type { Words } from "./words.ts";

export type Person = Appearance & {
  clientId: string;
  tabs: number;
  isMe: boolean;
};

/** A tab that was lost while its person typed cannot say that they stopped. */
const TYPING_LASTS_MS = 6_000;

const CHARACTERS = new Intl.Segmenter();

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

/** The first characters, as people see them, of the first two words. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).slice(0, 2);
  const initials = words.map((word) => [...CHARACTERS.segment(word)][0]?.segment ?? "");
  return initials.join("").toUpperCase() || "?";
}
