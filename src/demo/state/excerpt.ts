/** How much of a text is laid out at once, in UTF-16 code units and in lines. */
const MAX_TEXT_LENGTH = 2_000;
const MAX_TEXT_LINES = 100;
/** Browsers need seconds for thousands of accents on one letter. */
const MANY_ACCENTS = /\p{M}{30}/u;
const CHARACTERS = new Intl.Segmenter();

/** Returns the beginning of a text that is slow to show, cut between characters, or the whole text. */
export function excerptOf(text: string): string {
  const lines = text.slice(0, MAX_TEXT_LENGTH).split("\n").slice(0, MAX_TEXT_LINES).join("\n");
  const end = MANY_ACCENTS.exec(lines)?.index ?? lines.length;
  if (end === text.length) return text;
  const { index = end } = CHARACTERS.segment(text.slice(0, end + 64)).containing(end) ?? {};
  return text.slice(0, index);
}
