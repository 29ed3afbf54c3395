import { expect, it } from "vitest";
import { findLinks } from "../../src/demo/state/links.ts";

/** What each link shows and where it goes, where these differ. */
const linksOf = (text: string, isCut = false) =>
  findLinks(text, isCut).flatMap((part) => {
    if (typeof part === "string") return [];
    const isSame = part.url === part.text || part.url === `${part.text}/`;
    return [isSame ? part.text : `${part.text} → ${part.url}`];
  });

it.each([
  ["look: https://example.com/a?b=1 .", ["https://example.com/a?b=1"]],
  [
    "https://one.example\nand http://two.example/x",
    ["https://one.example", "http://two.example/x"],
  ],
  ["http://localhost:8888/?room=tea", ["http://localhost:8888/?room=tea"]],
  ["(see https://a.example/b).", ["https://a.example/b"]],
  ["https://a.example/Tea_(drink)", ["https://a.example/Tea_(drink)"]],
  ["(https://a.example/Tea_(drink))", ["https://a.example/Tea_(drink)"]],
  ["really https://a.example/x?!", ["https://a.example/x"]],
  ["“https://a.example/x”, he said", ["https://a.example/x"]],
  ["见https://a.example/x。谢谢", ["https://a.example/x"]],
  ["<https://a.example/x>", ["https://a.example/x"]],
  ["[text](https://a.example/x)", ["https://a.example/x"]],
  ["https://a.example/#top-1", ["https://a.example/#top-1"]],
  ["HTTPS://a.example/x", ["HTTPS://a.example/x → https://a.example/x"]],
])("finds the addresses of %j without the sentence around them", (text, links) => {
  expect(linksOf(text)).toEqual(links);
});

it.each([
  "javascript:alert(1)",
  "data:text/html,x",
  "ftp://a.example",
  "www.example.com",
  "xhttps://a.example",
  "https://",
  "https://.",
  "https://bank.example@evil.example/",
  "https://user:secret@a.example/",
  `https://a.example/${"x".repeat(3_000)}`,
])("makes no link of %j", (text) => {
  expect(linksOf(text)).toEqual([]);
});

it("shows the host to which a link goes, whatever letters it is written with", () => {
  expect(linksOf("https://аpple.com/x")).toEqual(["https://xn--pple-43d.com/x"]);
  expect(linksOf("https://bank.example\\@evil.example")).toEqual(["https://bank.example"]);
  expect(linksOf("https://0x7f.1/")).toEqual(["https://127.0.0.1/"]);
  expect(linksOf("https://a.example/\u202egnp.exe")).toEqual(["https://a.example/"]);
});

it("keeps the text as it is, and makes no link of half an address", () => {
  const text = "a https://b.example/c, d (https://e.example) f";
  const read = findLinks(text).map((part) => (typeof part === "string" ? part : part.text));
  expect(read.join("")).toBe(text);
  expect(linksOf("https://a.example https://b.exam", true)).toEqual(["https://a.example"]);
});

it("is fast with text that is made to be slow", () => {
  const start = performance.now();
  findLinks(`https://a.example/${")".repeat(1_900)} `.repeat(30));
  findLinks("http://".repeat(9_000));
  expect(performance.now() - start).toBeLessThan(1_000);
});
