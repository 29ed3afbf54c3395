/**
 * SHOWN. The names of those who are not in the room, as their messages give them. Anyone can write any
 * name there, so such a name is used only if it makes nobody look like somebody else.
 */
import { NOBODY, cleanName, looksLikeServer, withoutInvisible } from "../../realtime/index.ts";

/** `name`: what the last message of this person gives, unless it looks like the name of a server. */
type Claim = { name: string | undefined; shownId: string };

/** By client ID. */
export type Claims = ReadonlyMap<string, Claim>;

type Author = { clientId: string; headers: Record<string, string> };
type Subject = { clientId: string; name: string };

/** Keeps the last name of each author whom presence has not shown. */
export function updateClaims<Message extends Author>(
  claims: Claims,
  messages: Message[],
  isKnown: (author: Author) => boolean,
): Claims {
  let all: Map<string, Claim> | undefined;
  for (const message of messages.filter((each) => !isKnown(each))) {
    const { clientId } = message;
    const name = readName(message);
    const before = (all ?? claims).get(clientId);
    if (before && before.name === name) continue;
    all ??= new Map(claims);
    // A name that was claimed earlier counts: this one goes to the end.
    all.delete(clientId);
    all.set(clientId, { name, shownId: cleanName(clientId) ?? NOBODY });
  }
  return all ?? claims;
}

function readName({ clientId, headers }: Author): string | undefined {
  // Those without a client ID are several people.
  const name = clientId === NOBODY ? undefined : cleanName(headers.name ?? "");
  return name === undefined || looksLikeServer(name) ? undefined : name;
}

/** Returns the same map if it has none of the keys. */
export function without<Value>(map: ReadonlyMap<string, Value>, keys: ReadonlySet<string>) {
  const kept = [...map].filter(([key]) => !keys.has(key));
  return kept.length === map.size ? map : new Map(kept);
}

/**
 * Returns how people who only wrote are called: by their name, or by their client ID if somebody else
 * has that name or ID. Of several who claim a name, the first one gets it.
 * @param known The people whose names are from the presence list, and I.
 */
export function namesOfAuthors(claims: Claims, known: Subject[]): Subject[] {
  const ids = [...known.map(({ clientId }) => clientId), ...claims.keys()];
  const taken = new Map<string, number>();
  const take = (look: string) => taken.set(look, (taken.get(look) ?? 0) + 1);
  [...known.map(({ name }) => name), ...ids, NOBODY].map(lookOf).forEach(take);
  return [...claims].map(([clientId, { name, shownId }]) => {
    if (name === undefined) return { clientId, name: shownId };
    const look = lookOf(name);
    const mine = look === lookOf(clientId) ? 1 : 0;
    if ((taken.get(look) ?? 0) > mine) return { clientId, name: shownId };
    take(look);
    return { clientId, name };
  });
}

const looks = new Map<string, string>();
const MAX_LOOKS = 10_000;

/** Two names with the same look differ only in case, accents, spaces, punctuation or width. */
function lookOf(name: string): string {
  const known = looks.get(name);
  if (known !== undefined) return known;
  const letters = withoutInvisible(name.normalize("NFKD")).replace(/[^\p{L}\p{N}\p{S}]/gu, "");
  const look = letters.toLowerCase() || name;
  if (looks.size >= MAX_LOOKS) looks.clear();
  looks.set(name, look);
  return look;
}
