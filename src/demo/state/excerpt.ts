/** What a text may cost to lay out at once. A Latin letter costs 1. */
const MAX_COST = 2_000;
const OTHER_LETTER_COST = 2;
/** A font, a script or a direction begins. */
const SWITCH_COST = 12;
/** The browser may have to look for a font. */
const RARE_SWITCH_COST = 40;
const COSTS = new Map([
  ["\n", 20],
  ["\t", 4],
]);

/** What is mixed often, or has more than one block of 128 characters. */
const SCRIPTS = [
  /[\p{ASCII}\p{sc=Latin}]/u,
  /\p{sc=Greek}/u,
  /\p{sc=Cyrillic}/u,
  /\p{sc=Hebrew}/u,
  /\p{sc=Arabic}/u,
  /\p{sc=Ethiopic}/u,
  /\p{sc=Canadian_Aboriginal}/u,
  /[\ufe0f\u20e3\p{Extended_Pictographic}]/u,
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}]/u,
];
/** Spaces, accents and punctuation go with the letter before. Two of the marks make it an emoji. */
const CONTINUES = /(?![\ufe0f\u20e3])[\s\p{M}\p{P}]/u;
/** Browsers need seconds for thousands of accents on one letter. */
const MANY_ACCENTS = /\p{M}{30}/u;
const ACCENT_TOO_MANY = /(?<=\p{M}{30})\p{M}/gu;
const CHARACTERS = new Intl.Segmenter();

/** Returns the beginning of a text that is slow to show, cut between characters, or the whole text. */
export function excerptOf(text: string): string {
  const start = text.slice(0, MAX_COST);
  const end = Math.min(affordableLength(start), MANY_ACCENTS.exec(start)?.index ?? Infinity);
  if (end === text.length) return text;
  const { index = end } = CHARACTERS.segment(text.slice(0, end + 64)).containing(end) ?? {};
  return text.slice(0, index);
}

/** Returns the text with the accents that are too many for one letter as JSON escapes them. */
export function spellAccents(text: string): string {
  return text.replace(ACCENT_TOO_MANY, (accent) =>
    Array.from({ length: accent.length }, (_, index) => {
      return `\\u${accent.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }).join(""),
  );
}

function affordableLength(text: string): number {
  let cost = 0;
  let length = 0;
  let last = 0;
  for (const character of text) {
    const script = CONTINUES.test(character) ? last : scriptOf(character);
    const ownCost = script === 0 ? 1 : OTHER_LETTER_COST;
    const switchCost = script < SCRIPTS.length ? SWITCH_COST : RARE_SWITCH_COST;
    cost += COSTS.get(character) ?? ownCost + (script === last ? 0 : switchCost);
    if (cost > MAX_COST) break;
    length += character.length;
    last = script;
  }
  return length;
}

/** Returns a number for the script of a character: 0 is Latin. */
function scriptOf(character: string): number {
  const index = SCRIPTS.findIndex((script) => script.test(character));
  return index === -1 ? SCRIPTS.length + ((character.codePointAt(0) ?? 0) >> 7) : index;
}
