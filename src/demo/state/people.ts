/** SHOWN. The people of the room: one for each client ID, however many tabs it has open. */
import type { Chat } from "../../app.ts";
import {
  type Identity,
  type Member,
  NOBODY,
  cleanName,
  looksLikeServer,
} from "../../realtime/index.ts";
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

/**
 * How each person in the room wants to be called: as the newest of their tabs says. A name that looks
 * like a server's, or that nobody can see, is replaced by the client ID.
 */
export function namesOf(members: Member<Chat>[]): { clientId: string; name: string }[] {
  const newest = new Map<string, Member<Chat>>();
  for (const member of members) {
    const known = newest.get(member.clientId);
    if (!known || known.timestamp < member.timestamp) newest.set(member.clientId, member);
  }
  return [...newest.values()].map((member) => ({
    clientId: member.clientId,
    name: nameOfMember(member),
  }));
}

const cleanNames = new WeakMap<Member<Chat>, string>();

function nameOfMember(member: Member<Chat>): string {
  const known = cleanNames.get(member);
  if (known !== undefined) return known;
  const name = cleanName(member.profile?.name ?? "");
  const isUsable = name !== undefined && !looksLikeServer(name);
  const shown = isUsable ? name : (cleanName(member.clientId) ?? NOBODY);
  cleanNames.set(member, shown);
  return shown;
}

type Names = { me: Identity; appearances: Appearances };

/** How a person is called now. Presence has my old name while there is no connection. */
export function nameOf({ me, appearances }: Names, clientId: string): string {
  return clientId === me.clientId ? me.name : appearanceOf(clientId, appearances).name;
}

/** Me first, then the others by name. */
export function peopleOf(members: Member<Chat>[], names: Names): Person[] {
  const people = new Map<string, Person>();
  for (const { clientId } of members) {
    const isMe = clientId === names.me.clientId;
    const tabs = (people.get(clientId)?.tabs ?? 0) + 1;
    const { hue } = appearanceOf(clientId, names.appearances);
    const name = nameOf(names, clientId);
    people.set(clientId, { name, hue, clientId, tabs, isMe });
  }
  return [...people.values()].toSorted(
    (a, b) => Number(b.isMe) - Number(a.isMe) || a.name.localeCompare(b.name),
  );
}

/** "Ada is typing…", or nothing. */
export function describeTyping(
  members: Member<Chat>[],
  { me, appearances }: Names,
  now: number,
): Words {
  const mine = members
    .filter(({ clientId }) => clientId === me.clientId)
    .toSorted((one, other) => one.timestamp - other.timestamp)
    .at(-1);
  // This page may have come after somebody began. Its own entry says when it came, by both clocks.
  const ageOf = ({ seenAt, timestamp }: Member<Chat>) =>
    mine && timestamp < mine.timestamp
      ? now - mine.seenAt + mine.timestamp - timestamp
      : now - seenAt;
  const typing = members.filter(
    (member) =>
      member.profile?.isTyping &&
      member.clientId !== me.clientId &&
      Math.abs(ageOf(member)) < TYPING_LASTS_MS,
  );
  const clientIds = [...new Set(typing.map(({ clientId }) => clientId))];
  const names = clientIds.map((clientId) => ({ name: appearanceOf(clientId, appearances).name }));
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
