/** People, as a list shows them: one for each clientId, however many connections it is here with. */
import type { Identity } from "../realtime/identity.ts";
import type { Member } from "../realtime/room.ts";

export type Person = {
  clientId: string;
  name: string;
  tabs: number;
  isMe: boolean;
  isTyping: boolean;
};

/** A typist whose tab was lost cannot say that it stopped. */
const TYPING_LASTS_MS = 6_000;

/** I come first, then the others by name. */
export function peopleOf(members: Member[], me: Identity, now: number): Person[] {
  const found = new Map<string, Person>();
  for (const { clientId, name, isTyping, timestamp } of members) {
    const known = found.get(clientId);
    const typesNow = isTyping && now - timestamp < TYPING_LASTS_MS;
    found.set(clientId, {
      clientId,
      name,
      isMe: clientId === me.clientId,
      tabs: (known?.tabs ?? 0) + 1,
      isTyping: typesNow || (known?.isTyping ?? false),
    });
  }
  return [...found.values()].toSorted(
    (a, b) => Number(b.isMe) - Number(a.isMe) || a.name.localeCompare(b.name),
  );
}

/** "Ada is typing…", or nothing. I know that I am. */
export function describeTyping(people: Person[]): string {
  const names = people.filter(({ isTyping, isMe }) => isTyping && !isMe).map(({ name }) => name);
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing…`;
  return names.length === 2 ? `${names[0]} and ${names[1]} are typing…` : "Several are typing…";
}

/** A hue of its own for each clientId, in degrees. */
export function hueOf(clientId: string): number {
  // FNV-1a: near names get far hues.
  let hash = 0x811c9dc5;
  for (const character of clientId) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return (hash >>> 0) % 360;
}

/** The first letters of the first two words. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).slice(0, 2);
  return (
    words
      .map((word) => [...word][0] ?? "")
      .join("")
      .toUpperCase() || "?"
  );
}
