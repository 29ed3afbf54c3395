import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { isKeyInFile, isKeyInVariable, toSecrets } from "../../vite/key-search.ts";

const KEY = "xVLyHw.DQrNxQ:UBKsG3hdeKpS-7Y7";
const SECRET = "UBKsG3hdeKpS-7Y7";

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** Way to write a key → what writes it. */
const WAYS: [way: string, write: (key: string) => string | Buffer][] = [
  ["as it is", (key) => key],
  ["after a line break in a string", (key) => String.raw`"KEY\n${key}"`],
  ["percent-encoded", (key) => key.replaceAll(/\W/g, encode("%", 2))],
  ["percent-encoded whole", (key) => key.replaceAll(/./g, encode("%", 2))],
  ["with \\u003a", (key) => key.replaceAll(/\W/g, encode("\\u", 4))],
  ["with \\x3a", (key) => key.replaceAll(/\W/g, encode("\\x", 2))],
  ["with \\u{3A}", (key) => key.replaceAll(/\W/g, (c) => `\\u{${encode("", 2)(c).toUpperCase()}}`)],
  ["with &#x3a;", (key) => key.replaceAll(/\W/g, (c) => `${encode("&#x", 2)(c)};`)],
  ["with &#58;", (key) => key.replaceAll(/\W/g, (c) => `&#${c.charCodeAt(0)};`)],
  ["with &colon;", (key) => key.replaceAll(":", "&colon;").replaceAll(".", "&period;")],
  ["in base64", base64],
  ["in base64url", (key) => Buffer.from(key).toString("base64url")],
  ["in base64 after a letter", (key) => `x${base64(`key=${key}`)}`],
  ["in base64 of UTF-16", (key) => Buffer.from(key, "utf16le").toString("base64")],
  ["in a base64 URL of JSON", (key) => `data:;base64,${base64(JSON.stringify({ key }))}`],
  ["in UTF-16", (key) => Buffer.from(`\uFEFF${key}`, "utf16le")],
  ["in UTF-16, big-endian", (key) => Buffer.from(key, "utf16le").swap16()],
  ["compressed with gzip", (key) => gzipSync(`key = ${key}`)],
];

function encode(start: string, digits: number) {
  return (letter: string) => start + letter.charCodeAt(0).toString(16).padStart(digits, "0");
}

describe.each(WAYS)("a key %s", (_way, write) => {
  it("is found in a file, by its form", () => {
    expect(isKeyInFile("a.js", Buffer.from(write(KEY)), [])).toBe(true);
  });

  it("is found in a file by its secret alone, if the key is known", () => {
    expect(isKeyInFile("a.js", Buffer.from(write(SECRET)), toSecrets(KEY))).toBe(true);
    expect(isKeyInFile("a.js", Buffer.from(write(SECRET)), [])).toBe(false);
  });
});

it("is found in a file that brotli compressed", () => {
  const bytes = brotliCompressSync(KEY);
  expect(isKeyInFile("a.js.br", bytes, [])).toBe(true);
});

it.each(WAYS.filter(([, write]) => typeof write(KEY) === "string"))(
  "a key %s is found in a variable",
  (_way, write) => {
    expect(isKeyInVariable(String(write(KEY)), [])).toBe(true);
  },
);

it.each([
  ["nothing", ""],
  ["one byte", "a"],
  ["no gzip, although it starts like it", Buffer.from([0x1f, 0x8b, 0, 0])],
  ["minified code", "x=a?window.opener:requestAnimationFrameOnTheNextPage;"],
  ["long base64 of something else", base64("appId.keyId:secret ".repeat(100))],
])("no key is found in a file with %s", (_what, content) => {
  expect(isKeyInFile("a.br", Buffer.from(content), toSecrets(KEY))).toBe(false);
});
