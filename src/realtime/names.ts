/** KEPT. Display names: made up for a new visitor, and cleaned before anyone else's is shown. */

const ADJECTIVES = "Azure Bold Bright Calm Gentle Golden Happy Lively Lucky Ruby Silver Swift";
const ANIMALS = "Deer Falcon Finch Koala Lynx Orca Otter Owl Panda Puffin Raven Seal";

/** Returns a name such as "Ruby Otter". There are 144 of them. */
export function makeName(): string {
  return `${pick(ADJECTIVES)} ${pick(ANIMALS)}`;
}

export function isMadeUpName(name: string): boolean {
  const [adjective = "", animal = "", ...rest] = name.split(" ");
  const isListed = (list: string, word: string) => list.split(" ").includes(word);
  return rest.length === 0 && isListed(ADJECTIVES, adjective) && isListed(ANIMALS, animal);
}

function pick(words: string): string {
  const list = words.split(" ");
  return list[Math.floor(Math.random() * list.length)] ?? "";
}

/** As people count them: a flag or a letter with accents is one character. */
export const MAX_NAME_CHARACTERS = 40;
/** In UTF-16 code units, because one character may carry any number of accents. */
const MAX_NAME_LENGTH = 200;

const SEGMENTER = new Intl.Segmenter();

/** Control, direction and line characters; the joiners that some scripts and emoji need may stay. */
const UNSAFE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const VISIBLE = /[^\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * Returns a display name that is safe inside any sentence: on one line, with no control over its
 * direction, and cut between characters. Returns undefined if nothing of it can be seen.
 */
export function cleanName(name: string): string | undefined {
  const plain = name.slice(0, 10 * MAX_NAME_LENGTH).replace(UNSAFE, " ");
  const characters = [...SEGMENTER.segment(plain.replace(/\s+/gu, " ").trim())];
  let clean = "";
  for (const { segment } of characters.slice(0, MAX_NAME_CHARACTERS)) {
    if (clean.length + segment.length > MAX_NAME_LENGTH) break;
    clean += segment;
  }
  return isVisible(clean) ? clean.trim() : undefined;
}

export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}
