/** KEPT. Display names: makes one up for a new visitor, and cleans those of others. */
import { INVISIBLE, withoutInvisible } from "./contract.ts";

const ADJECTIVES = "Azure Bold Bright Calm Golden Happy Jade Lucky Ruby Silver Swift Wise";
const ANIMALS = "Deer Finch Fox Koala Lynx Orca Otter Owl Panda Puma Raven Seal";
const NAMES = ADJECTIVES.split(" ").flatMap((adjective) =>
  ANIMALS.split(" ").map((animal) => `${adjective} ${animal}`),
);

/** Returns one of 144 names, such as "Ruby Otter", and one that is not taken, if there is any. */
export function makeName(taken: string[] = []): string {
  const free = NAMES.filter((name) => !taken.includes(name));
  return free[Math.floor(Math.random() * free.length)] ?? "Ruby Otter";
}

export function isMadeUpName(name: string): boolean {
  return NAMES.includes(name);
}

/** As people count them: a flag or a letter with accents is one character. */
const MAX_NAME_CHARACTERS = 40;
/** In UTF-16 code units, because one character may carry any number of accents. */
const MAX_NAME_LENGTH = 200;

const SEGMENTER = new Intl.Segmenter();

/** Control, direction, line and blank characters; the joiners and variants of scripts may stay. */
const UNSAFE = new RegExp(
  `(?![\\u200c\\u200d\\p{VS}])[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}${INVISIBLE}]`,
  "gu",
);
const VISIBLE = /[^\p{C}\p{Z}\p{M}]/u;

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
  return VISIBLE.test(withoutInvisible(text));
}
