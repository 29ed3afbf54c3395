/** SHOWN. How each person is shown, also on messages after they have left. */

export type Appearance = { name: string; hue: number };

export type Appearances = ReadonlyMap<string, Appearance>;

/** In degrees of the colour wheel, far enough apart to be told from one another. */
const HUES = Array.from({ length: 12 }, (_, index) => index * 30);
const MAX_APPEARANCES = 1_000;

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
  const clearance = (hue: number) => Math.min(180, ...taken.map((other) => distance(hue, other)));
  const ranked = HUES.toSorted(
    (a, b) => clearance(b) - clearance(a) || distance(a, preferred) - distance(b, preferred),
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
