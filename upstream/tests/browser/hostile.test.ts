/** Anyone with a token can publish anything. It may look ugly, and it must do no harm. */
import type Ably from "ably";
import { afterEach, expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";
import type { Visitor } from "../../../tests/demo/visitor.ts";

const stage = setStage();

afterEach(async () => {
  for (const { page, complaints } of stage.visitors) {
    expect(complaints).toEqual([]);
    if (page.isClosed()) continue;
    const harm = await page.evaluate(() => ({
      hacked: Reflect.get(window, "hacked"),
      polluted: Reflect.get({}, "polluted"),
      title: document.title,
      elements: document.querySelectorAll(".room :is(script, img, svg, iframe, object, style, a)")
        .length,
    }));
    const title = expect.stringMatching(/^test-\w+( \(\d+\))? · Live room$/);
    expect(harm).toEqual({ title, elements: 0 });
  }
});

const SCRIPTS = [
  "<script>window.hacked = 1</script>",
  '<img src=x onerror="window.hacked = 1">',
  "<svg onload=window.hacked=1><a href='javascript:window.hacked=1'>x</a></svg>",
  '"><iframe srcdoc="<script>top.hacked = 1</script>">',
  "javascript:window.hacked = 1",
  "${window.hacked = 1}",
];

async function isUsable(visitor: Visitor): Promise<void> {
  await visitor.say("still here");
  await visitor.page.locator(".line.mine").getByText("still here").waitFor();
  await visitor.page.locator('.line.mine[data-delivery="delivered"]').waitFor();
}

it("script, SVG and HTML are text, as message and as name", async () => {
  const url = stage.newRoom();
  const ada = await stage.arrive(url);
  const channel = stage.channelOf(url);
  for (const text of SCRIPTS) await channel.publish("chat-message", { text });
  for (const name of SCRIPTS) await channel.publish(name, name);
  await ada.sees(ada.lines, [...SCRIPTS, ...SCRIPTS.map((name) => `${name}: ${name}`)]);
  for (const raw of await ada.page.locator("[data-raw] summary").all()) await raw.click();
  await isUsable(ada);
});

const MALFORMED: [what: string, message: Ably.Message, shown: string | RegExp][] = [
  ["no data", { name: "chat-message" }, "chat-message"],
  ["no name", { data: "x" }, "(no name): x"],
  ["an empty name", { name: "", data: "" }, "(no name)"],
  [
    "a text that is a number",
    { name: "chat-message", data: { text: 7 } },
    'chat-message: {"text":7}',
  ],
  [
    "a text that is an object",
    { name: "chat-message", data: { text: {} } },
    'chat-message: {"text":{}}',
  ],
  ["an array for data", { name: "chat-message", data: ["x"] }, 'chat-message: ["x"]'],
  ["a string for data", { name: "hello-world-message", data: "x" }, "hello-world-message: x"],
  [
    "bytes",
    { name: "chat-message", data: Buffer.from("x") },
    "chat-message: (1 byte of binary data)",
  ],
  ["the name __proto__", { name: "__proto__", data: { text: "x" } }, '__proto__: {"text":"x"}'],
  [
    "the name constructor",
    { name: "constructor", data: { text: "x" } },
    'constructor: {"text":"x"}',
  ],
  [
    "a key __proto__",
    { name: "chat-message", data: '{"__proto__":{"polluted":1,"text":"x"}}', encoding: "json" },
    'chat-message: {"__proto__":{"polluted":1,"text":"x"}}',
  ],
  [
    "lone surrogates",
    { name: "chat-message", data: '{"text":"a \\ud800 b \\udfff c"}', encoding: "json" },
    /^a . b . c$/,
  ],
  [
    "10,000 nested arrays",
    { name: "chat-message", data: "[".repeat(10_000) + "]".repeat(10_000), encoding: "json" },
    /^chat-message: \{"encoding":"json","data":"\[{100}/,
  ],
  ["64 KiB", { name: "chat-message", data: { text: "x".repeat(65_000) } }, /^x{2000}…$/],
  [
    "right-to-left overrides",
    { name: "chat-message", data: { text: "\u202Egnp.exe" } },
    "\u202Egnp.exe",
  ],
];

it("shows malformed and huge messages as text", async () => {
  const url = stage.newRoom();
  const ada = await stage.arrive(url);
  const channel = stage.channelOf(url);
  for (const [index, [what, message, shown]] of MALFORMED.entries()) {
    await channel.publish(message);
    const line = ada.lines.nth(index);
    await line.waitFor();
    const text = (await line.textContent()) ?? "";
    if (typeof shown === "string") expect(text, what).toBe(shown);
    else expect(text, what).toMatch(shown);
    await ada.page.locator("[data-raw] summary").nth(index).click();
  }
  await isUsable(ada);
});

it("shows the beginning of a text that is slow to lay out, and all of it on request", async () => {
  const url = stage.newRoom();
  const ada = await stage.arrive(url);
  const long = "x".repeat(50_000);
  const accents = `a${"\u0301".repeat(20_000)}`;
  for (const text of [accents, "\n".repeat(30_000), long, "short"]) {
    await stage.sayAll(url, [text]);
  }
  await ada.lines.getByText("short").waitFor();
  expect(await ada.lines.first().textContent()).toBe("…");
  expect(await ada.lines.nth(1).textContent()).toBe(`${"\n".repeat(125)}…`);
  const more = ada.page.locator("[data-more]");
  await more.nth(0).click();
  expect(await ada.lines.first().textContent()).toBe(`a${"\u0301".repeat(30)}…`);
  await more.nth(2).click();
  expect(await ada.lines.nth(2).textContent()).toBe(long);
  expect(await more.nth(2).isVisible()).toBe(false);
  expect(await more.nth(3).isVisible()).toBe(false);
  await isUsable(ada);
});

const MALFORMED_MEMBERS: [what: string, data: unknown][] = [
  ["a script for a name", { name: SCRIPTS[1] }],
  ["a name of 30,000 characters", { name: "x".repeat(30_000) }],
  ["a name that is no text", { name: { polluted: 1 } }],
  ["no data", undefined],
  ["a blank name", { name: "   " }],
  ["isTyping that is no boolean", { name: "Eve", isTyping: "yes" }],
];

it("shows members with malformed data", async () => {
  const url = stage.newRoom();
  const ada = await stage.arrive(url);
  const eve = stage.watcher();
  const { presence } = eve.channels.get(stage.channelOf(url).name);
  for (const [what, data] of MALFORMED_MEMBERS) {
    await presence.enter(data);
    await expect.poll(() => ada.people.count(), { message: what }).toBe(2);
    const overflow = () => document.documentElement.scrollWidth - innerWidth;
    expect(await ada.page.evaluate(overflow), what).toBeLessThanOrEqual(0);
    await presence.leave();
    await expect.poll(() => ada.people.count(), { message: what }).toBe(1);
  }
  await isUsable(ada);
  eve.close();
});

it("a text over Ably's limit is not sent, and says so", async () => {
  const ada = await stage.arrive(stage.newRoom());
  const input = ada.page.locator("[data-text]");
  const validity = () => input.evaluate((box: HTMLTextAreaElement) => box.validationMessage);
  // Each takes two bytes: one in UTF-8, and one as JSON.
  for (const [index, letter] of ["é", '"'].entries()) {
    await input.fill(letter.repeat(30_000));
    await ada.page.keyboard.press("Enter");
    expect(await validity()).toBe("This message is too long. Shorten it to 60 kB of text.");
    expect(await input.inputValue()).toHaveLength(30_000);
    expect(await ada.lines.count()).toBe(index);
    await input.fill(letter.repeat(29_999));
    await ada.page.keyboard.press("Enter");
    const sent = ada.page.locator('.line.mine[data-delivery="delivered"]').getByText(letter);
    await sent.waitFor();
    expect(await validity()).toBe("");
  }
});

/** Publishes messages as they are on the wire, with encodings that no SDK would write. */
async function publishRaw(url: string, body: object): Promise<void> {
  const path = `/channels/${encodeURIComponent(stage.channelOf(url).name)}/messages`;
  const { success } = await stage.stranger().request("post", path, 2, null, body);
  expect(success).toBe(true);
}

const PLAIN = (text: string) => ({
  name: "chat-message",
  data: JSON.stringify({ text }),
  encoding: "json",
});

const UNDECODABLE = [
  { data: "x", encoding: "vcdiff" },
  { data: "eA==", encoding: "vcdiff/base64" },
  { data: "x", encoding: "json/vcdiff" },
  { data: "eA==", encoding: "json/utf-8/cipher+aes-128-cbc/base64" },
  { data: "x", encoding: "nobody-knows" },
  { data: "{", encoding: "json" },
  { data: "%", encoding: "base64" },
  { ...PLAIN("delta"), extras: { delta: { from: "nobody" } } },
];

it("a message that the SDK cannot decode stops nothing, now or for those who come later", async () => {
  const url = stage.newRoom();
  const ada = await stage.arrive(url);
  await ada.page.evaluate(() =>
    fetch("/local-ably/faults/acceptUndecodable?on=true", { method: "POST" }),
  );
  for (const [index, strange] of UNDECODABLE.entries()) {
    const message = { name: "chat-message", ...strange };
    await publishRaw(url, message);
    await publishRaw(url, [PLAIN(`beside ${index}`), message, PLAIN(`after ${index}`)]);
  }
  const bob = await stage.arrive(url);
  for (const visitor of [ada, bob]) {
    await expect.poll(() => visitor.lines.count()).toBe(4 * UNDECODABLE.length);
    const texts = await visitor.lines.allInnerTexts();
    for (const index of UNDECODABLE.keys()) {
      expect(texts).toContain(`beside ${index}`);
      expect(texts).toContain(`after ${index}`);
    }
    expect(await visitor.page.locator(".notice", { hasText: "missing" }).count()).toBe(0);
    // The SDK logs what it could not decode.
    visitor.complaints.length = 0;
  }
  await isUsable(ada);
});
