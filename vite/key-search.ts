/**
 * KEPT. Looks for an Ably key in variables and built files, also if it is percent-encoded, escaped as
 * in JavaScript or HTML, in base64 or UTF-16, or compressed with gzip or brotli. Does not look into
 * other archives (zip, zstd), and finds no key that is encrypted, in hexadecimal, encoded twice or
 * put together by the page.
 */
import { brotliDecompressSync, gunzipSync } from "node:zlib";

/** `appId.keyId:secret` */
const ANY_KEY = /[\w-]+\.[\w-]+:[\w-]{16,}/;

/**
 * The lengths that Ably uses. The digit and the letters of both cases leave out minified code such
 * as `window.opener:requestAnimationFrame`.
 */
const ABLYS_OWN_KEY =
  /(?<![\w-])[\w-]{6}\.[\w-]{6}:(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{16,}/;

/** The name of a key, alone. The lookahead leaves out most host names. */
const LONE_NAME = /^(?=.*[\dA-Z])[\w-]{6}\.[\w-]{6}$/;

/** A secret that was pasted without the name before it. */
const LONE_SECRET = /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[\w-]{16,}$/;

/** A shorter secret could be a word of the page. Ably's have 16 characters or more. */
const MIN_SECRET_LENGTH = 12;

/** `%3A`, `\x3a`, `\u003a`, `\u{3a}`, `&#x3a;`. The first group is the hexadecimal code. */
const HEXADECIMAL = /(?:%|\\x|\\u00|\\u\{0*|&#x0*)([\da-f]{2})[;}]?/gi;
const DECIMAL = /&#0*(\d{2,3});?/g;
const NAMED = /&(colon|period|lowbar);/g;
const NAMES: Record<string, string> = { colon: ":", period: ".", lowbar: "_" };
/** The letter after the backslash would look like a part of a key's name. */
const WHITE_SPACE = /\\[nrt]/g;

/** Base64, and base64url. */
const BASE64 = /[\w+/-]{16,}/g;
/** A letter before the base64 moves the groups of four, so each start is tried. */
const BASE64_STARTS = [0, 1, 2, 3];

/** The first two bytes of a file that gzip wrote. */
const GZIP = 0x1f8b;

/** Returns what gives a key away by itself: its secret part. */
export function toSecrets(key: string): string[] {
  const text = decodeEscapes(key).trim();
  if (LONE_SECRET.test(text)) return [text];
  const [, secret = ""] = text.split(":");
  return secret.length < MIN_SECRET_LENGTH ? [] : [secret];
}

/** Reports whether a variable holds a key or one of the secrets. */
export function isKeyInVariable(value: string, secrets: string[]): boolean {
  return hasKey(value, ANY_KEY, secrets);
}

/**
 * Returns the variable that has the secret part of a key, if another one has a key's name: the two
 * may be one key.
 */
export function findSplitKey(variables: Record<string, unknown>): string | undefined {
  const names = Object.keys(variables);
  const find = (form: RegExp) => names.find((name) => form.test(String(variables[name]).trim()));
  return find(LONE_NAME) && find(LONE_SECRET);
}

/** Reports whether a file holds a key of Ably's form or one of the secrets. */
export function isKeyInFile(path: string, bytes: Buffer, secrets: string[]): boolean {
  return hasKey(toAscii(unpack(path, bytes)), ABLYS_OWN_KEY, secrets);
}

function unpack(path: string, bytes: Buffer): Buffer {
  try {
    if (path.endsWith(".br")) return brotliDecompressSync(bytes);
    return bytes.readUInt16BE() === GZIP ? gunzipSync(bytes) : bytes;
  } catch {
    return bytes; // not packed
  }
}

/** A key is ASCII, and UTF-16 differs from ASCII by its zeros. */
function toAscii(bytes: Buffer): string {
  return bytes.toString("latin1").replaceAll("\0", "");
}

function hasKey(text: string, form: RegExp, secrets: string[]): boolean {
  const plain = decodeEscapes(text);
  return [text, plain, ...decodeBase64(plain)].some(
    (each) => form.test(each) || secrets.some((secret) => each.includes(secret)),
  );
}

function decodeEscapes(text: string): string {
  return text
    .replaceAll(HEXADECIMAL, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(DECIMAL, (_all, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(NAMED, (_all, name: string) => NAMES[name] ?? "")
    .replaceAll(WHITE_SPACE, " ");
}

function decodeBase64(text: string): string[] {
  return (text.match(BASE64) ?? []).flatMap((run) =>
    BASE64_STARTS.map((start) => toAscii(Buffer.from(run.slice(start), "base64"))),
  );
}
