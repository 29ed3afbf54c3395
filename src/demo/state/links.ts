/** SHOWN. Web addresses in a text. */

/** `text` is what people see: it names the host to which `url` leads. */
type Link = { url: string; text: string };

/** It ends before a space, a bracket of HTML, an invisible character, or CJK punctuation. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"`{}|\\^\p{C}\u3000-\u303f\uff00-\uffef]+/giu;
const END_OF_SENTENCE = /[.,;:!?*'"’”»›…]/;
/** Longer ones are no link. */
const MAX_LENGTH = 2_000;

/**
 * Splits a text at its addresses.
 * @param isCut The text goes on: an address at its very end may be half of one.
 */
export function findLinks(text: string, isCut = false): (string | Link)[] {
  const parts: (string | Link)[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    if (found.length > MAX_LENGTH || (isCut && index + found.length === text.length)) continue;
    const address = withoutPunctuation(found);
    const link = parseLink(address);
    if (!link) continue;
    if (index > end) parts.push(text.slice(end, index));
    parts.push(link);
    end = index + address.length;
  }
  return end < text.length ? [...parts, text.slice(end)] : parts;
}

/** A closing bracket belongs to the address only if it was opened there. */
function withoutPunctuation(address: string): string {
  const count = (character: string) => address.split(character).length - 1;
  const unopened = new Map([
    [")", count(")") - count("(")],
    ["]", count("]") - count("[")],
  ]);
  let end = address.length;
  for (; end > 0; end--) {
    const last = address.charAt(end - 1);
    const left = unopened.get(last) ?? 0;
    if (left <= 0 && !END_OF_SENTENCE.test(last)) break;
    unopened.set(last, left - 1);
  }
  return address.slice(0, end);
}

/** Returns undefined for an address with a user name: `https://bank.example@evil.example`. */
function parseLink(address: string): Link | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const [, host = ""] = /^\w+:\/\/([^/?#]*)/.exec(address.toLowerCase()) ?? [];
  if (host.includes("@")) return undefined;
  // Letters of other scripts can look like Latin ones, so the host is then shown as it is looked up.
  return { url: url.href, text: host === url.host ? address : url.href };
}
