/** SHOWN. How much of a text is shown at once, so that no message keeps the page busy. */

/** What a text may cost to lay out at once. A Latin letter costs 1, any other 2. */
const MAX_COST = 2_000;
/** After a tab or a new line, or with another script, which may have another font or direction. */
const SWITCH_COST = 15;
/** The first letter of a script: the browser looks for a font that has it. */
const NEW_SCRIPT_COST = 100;

/** Scripts that are in more than one block of 128 characters. */
const SCRIPTS = [
  /[\p{ASCII}\p{sc=Latin}]/u,
  /\p{sc=Cyrillic}/u,
  /\p{sc=Arabic}/u,
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/u,
];
/** Spaces, accents and punctuation go with the letter before. Two of the marks make it an emoji. */
const CONTINUES = /(?![\ufe0f\u20e3])[\s\p{M}\p{P}]/u;
/** Browsers need seconds for thousands of accents on one letter. */
const MANY_ACCENTS = /(\p{M}{30})\p{M}*/gu;
const CHARACTERS = new Intl.Segmenter();

/** Returns the beginning of a text that is slow to show, cut between characters, or the whole text. */
export function excerptOf(text: string): string {
  const start = text.slice(0, MAX_COST);
  const accents = start.search(MANY_ACCENTS);
  const end = Math.min(affordableLength(start), accents === -1 ? MAX_COST : accents);
  if (end === text.length) return text;
  const { index = end } = CHARACTERS.segment(text.slice(0, end + 64)).containing(end) ?? {};
  return text.slice(0, index);
}

/** Returns the text without the accents that are too many for one letter. */
export function cutAccents(text: string): string {
  return text.replace(MANY_ACCENTS, "$1…");
}

function affordableLength(text: string): number {
  let cost = 0;
  let length = 0;
  let last = 0;
  const known = new Set([last]);
  for (const character of text) {
    const script = CONTINUES.test(character) ? last : scriptOf(character);
    cost += script === 0 ? 1 : 2;
    if (!known.has(script)) cost += NEW_SCRIPT_COST;
    if (script !== last || "\t\n".includes(character)) cost += SWITCH_COST;
    if (cost > MAX_COST) break;
    length += character.length;
    last = script;
    known.add(script);
  }
  return length;
}

/** Returns a number for the script of a character: 0 is Latin. */
function scriptOf(character: string): number {
  const index = SCRIPTS.findIndex((script) => script.test(character));
  return index === -1 ? SCRIPTS.length + (Number(character.codePointAt(0)) >> 7) : index;
}
