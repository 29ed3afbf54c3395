import { describe, expect, it } from "vitest";
import { setStage } from "./stage.ts";
import type { Visitor } from "./visitor.ts";

const stage = setStage();

/** More than fit into the list. */
const LINES = Array.from({ length: 25 }, (_, i) => `line ${i}`);

/** How far the list is from its end, in CSS px. */
const fromEnd = ({ page }: Visitor) =>
  page
    .locator("[data-messages]")
    .evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);

/** What a busy page may do between two frames. */
function shrinkThenGrow(line: HTMLElement | SVGElement): void {
  line.style.minBlockSize = "400px";
  line.style.display = "none";
  line.getBoundingClientRect();
  line.style.display = "";
}

async function scrollToStart({ page }: Visitor): Promise<void> {
  await page.locator("[data-messages]").evaluate((list) => {
    const scrolled = new Promise((resolve) =>
      list.addEventListener("scroll", resolve, { once: true }),
    );
    list.scrollTop = 0;
    return scrolled;
  });
}

describe("writing", () => {
  it("keeps the focus in the box, so that a phone keeps its keyboard", async () => {
    const ada = await stage.arrive();
    await ada.page.click("[data-text]");
    await ada.page.keyboard.type("hello");
    await ada.page.locator("[data-composer] .primary").click();
    await ada.sees(ada.lines, ["hello"]);
    await ada.page.keyboard.type("and more");
    expect(await ada.page.inputValue("[data-text]")).toBe("and more");
    await ada.page.locator("[data-hello]").click();
    await ada.page.keyboard.type("!");
    expect(await ada.page.inputValue("[data-text]")).toBe("and more!");
    expect(await ada.page.getAttribute("[data-text]", "enterkeyhint")).toBe("send");
  });

  it("takes several lines, with Shift+Enter or pasted, and grows to show them", async () => {
    const ada = await stage.arrive();
    const box = ada.page.locator("[data-text]");
    const height = () => box.evaluate((element) => element.getBoundingClientRect().height);
    const before = await height();
    await box.fill("milk\neggs\n\n  - brown\nbread");
    expect(await height()).toBeGreaterThan(before * 2);
    await ada.page.keyboard.press("Enter");
    await box.pressSequentially("one");
    await ada.page.keyboard.press("Shift+Enter");
    await box.pressSequentially("two");
    await ada.page.keyboard.press("Enter");
    await ada.sees(ada.lines, ["milk\neggs\n\n  - brown\nbread", "one\ntwo"]);
    expect(await height()).toBe(before);
  });

  it.each([
    ["most browsers", { isComposing: true }],
    // Safari has ended the composition by then, and gives this code alone.
    ["Safari", { keyCode: 229 }],
  ])(
    "does not send when Enter takes the candidate of an input method in %s",
    async (_name, sign) => {
      const ada = await stage.arrive();
      await ada.page.fill("[data-text]", "日本");
      await ada.page.locator("[data-text]").dispatchEvent("keydown", { key: "Enter", ...sign });
      expect(await ada.page.inputValue("[data-text]")).toBe("日本");
      await ada.page.keyboard.press("Enter");
      await ada.sees(ada.lines, ["日本"]);
    },
  );

  it("keeps what is typed over a reload, for each room its own", async () => {
    const [garden, kitchen] = [stage.newRoom(), stage.newRoom()];
    const ada = await stage.arrive(garden);
    await ada.page.fill("[data-text]", "half typed");
    await ada.page.goto(kitchen);
    await ada.connected();
    expect(await ada.page.inputValue("[data-text]")).toBe("");
    await ada.page.goto(garden);
    await ada.connected();
    expect(await ada.page.inputValue("[data-text]")).toBe("half typed");
    await ada.page.keyboard.press("Tab");
    await ada.page.locator("[data-composer] .primary").click();
    await ada.sees(ada.lines, ["half typed"]);
    await ada.page.reload();
    await ada.connected();
    expect(await ada.page.inputValue("[data-text]")).toBe("");
  });

  it("keeps the first indentation, and sends nothing that nobody can see", async () => {
    const ada = await stage.arrive();
    // The last one is a letter of a font's own, such as the apple of a Mac.
    for (const text of ["\u200b \u2060", "\n\n", "\u3164", "\n  if (x) {\n  }\n\n", "\uf8ff"])
      await ada.say(text);
    await expect.poll(() => ada.lines.allTextContents()).toEqual(["  if (x) {\n  }", "\uf8ff"]);
  });

  it("says why a message was not sent, and sends it again at a press", async () => {
    const ada = await stage.arrive();
    // The page stops texts that are too long, so this one goes around it.
    await ada.page.evaluate(() => {
      Object.defineProperty(Blob.prototype, "size", { get: () => 0 });
    });
    await ada.say("x".repeat(70_000));
    const failed = ada.page.locator('.line[data-delivery="failed"]');
    await failed.waitFor();
    expect(await failed.locator("[data-delivery-words]").innerText()).toMatch(/^Not sent: .*size/);
    await failed.locator("[data-resend]").click();
    await failed.waitFor();
    await ada.say("small");
    await ada.page.locator('.line[data-delivery="delivered"]', { hasText: "small" }).waitFor();
    await failed.locator("[data-discard]").click();
    await ada.sees(ada.lines, ["small"]);
    await ada.page.reload();
    await ada.connected();
    await ada.sees(ada.lines, ["small"]);
  });
});

describe("reading", () => {
  it("follows what is new only from the end of the list, and else offers it", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await stage.sayAll(url, LINES);
    await ada.lines.getByText("line 24").waitFor();
    expect(await fromEnd(ada)).toBeLessThan(24);
    await scrollToStart(ada);
    for (const text of ["one", "two", "three"]) await bob.say(text);
    const offer = ada.page.getByRole("button", { name: "3 new messages" });
    await offer.waitFor();
    expect(await ada.page.locator("[data-messages]").evaluate((list) => list.scrollTop)).toBe(0);
    expect(await ada.page.locator(".line", { hasText: "one" }).last().innerText()).toContain("New");
    await offer.click();
    await expect.poll(() => fromEnd(ada)).toBeLessThan(24);
    await offer.waitFor({ state: "hidden" });
  });

  it("goes to the end when I send, and stays there whatever changes its size", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    await stage.sayAll(url, LINES);
    await ada.lines.getByText("line 24").waitFor();
    await scrollToStart(ada);
    await ada.say("my answer");
    await ada.lines.getByText("my answer").waitFor();
    await expect.poll(() => fromEnd(ada)).toBeLessThan(24);
    await ada.page.setViewportSize({ width: 400, height: 500 });
    await expect.poll(() => fromEnd(ada)).toBeLessThan(24);
    await ada.page.fill("[data-text]", "a\nb\nc\nd\ne");
    await expect.poll(() => fromEnd(ada)).toBeLessThan(24);
    await ada.openRaw(ada.page.locator(".line").last());
    await expect.poll(() => fromEnd(ada)).toBeLessThan(24);
    await ada.page.locator(".line").last().evaluate(shrinkThenGrow);
    await expect.poll(() => fromEnd(ada)).toBeLessThan(24);
  });

  it("counts in the title what arrives in the background, and marks where reading stopped", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    const room = new URL(url).searchParams.get("room");
    // Frames stand still in a hidden tab, and go on after it.
    await ada.page.addInitScript(() => {
      const request = window.requestAnimationFrame.bind(window);
      const waiting: FrameRequestCallback[] = [];
      window.requestAnimationFrame = (callback) =>
        document.hidden ? waiting.push(callback) : request(callback);
      document.addEventListener("visibilitychange", () => waiting.splice(0).forEach(request));
    });
    await ada.page.reload();
    await ada.connected();
    const setHidden = (isHidden: boolean) =>
      ada.page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
        document.dispatchEvent(new Event("visibilitychange"));
      }, isHidden);
    await bob.say("read");
    await ada.sees(ada.lines, ["read"]);
    expect(await ada.page.title()).toBe(`${room} · Live room`);
    await setHidden(true);
    for (const text of ["one", "two"]) await bob.say(text);
    await expect.poll(() => ada.page.title()).toBe(`${room} (2) · Live room`);
    await setHidden(false);
    expect(await ada.page.title()).toBe(`${room} · Live room`);
    await ada.page.locator(".line", { hasText: "one" }).getByText("New", { exact: true }).waitFor();
  });

  it("makes links of addresses, which can do no harm", async () => {
    const ada = await stage.arrive();
    await ada.say(
      "see https://example.com/a_(b), <b>https://one.example</b> or javascript:alert(1)",
    );
    const links = ada.lines.locator("a");
    await ada.sees(links, ["https://example.com/a_(b)", "https://one.example"]);
    expect(
      await links.first().evaluate((link: HTMLAnchorElement) => [link.rel, link.target, link.dir]),
    ).toEqual(["noopener noreferrer nofollow ugc", "_blank", "ltr"]);
  });

  it("is copied and printed without what is no message", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    await stage.sayAll(url, LINES);
    await ada.say("mine");
    await ada.page.locator('.line.mine[data-delivery="delivered"]').waitFor();
    const copied = await ada.page.locator(".line.mine").evaluate((line) => {
      getSelection()?.selectAllChildren(line);
      return String(getSelection());
    });
    expect(copied).toMatch(/mine/);
    expect(copied).not.toMatch(/\{ \}|you|^[A-Z]{2}$/m);
    await ada.page.emulateMedia({ media: "print" });
    const isWhole = await ada.page
      .locator("[data-messages]")
      .evaluate((list) => list.clientHeight >= list.scrollHeight);
    expect(isWhole).toBe(true);
    expect(await ada.page.locator("[data-text]").isVisible()).toBe(false);
  });

  it("opens each message to the exact Ably message", async () => {
    const ada = await stage.arrive();
    await ada.say("look inside");
    await ada.page.locator('.line[data-delivery="delivered"]').waitFor();
    expect(JSON.parse(await ada.openRaw(ada.page.locator(".line")))).toMatchObject({
      name: "chat-message",
      data: { text: "look inside" },
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      serial: expect.stringContaining("@"),
      connectionId: expect.any(String),
    });
  });

  it("adds each message to the log once, mine and theirs, so that it is announced once", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await ada.page.locator(".notice").waitFor();
    await ada.page.evaluate(() => {
      const added: string[] = [];
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes)
          for (const node of addedNodes) added.push((node as HTMLElement).innerText);
      }).observe(document.querySelector("[role=log]")!, { childList: true });
      Object.assign(window, { added });
    });
    for (const text of ["mine 1", "mine 2", "mine 3"]) await ada.say(text);
    await bob.sees(bob.lines, ["mine 1", "mine 2", "mine 3"]);
    await bob.say("theirs");
    await ada.sees(ada.lines, ["mine 1", "mine 2", "mine 3", "theirs"]);
    const added = await ada.page.evaluate(() => (window as unknown as { added: string[] }).added);
    const names = [await ada.name(), await bob.name()];
    expect(added.map((text) => text.match(/mine \d|theirs/)?.[0])).toEqual([
      "mine 1",
      "mine 2",
      "mine 3",
      "theirs",
    ]);
    expect(added[0]).toContain(names[0]);
    expect(added[3]).toContain(names[1]);
  });

  it("is busy while its history comes, so that a screen reader does not read all of it", async () => {
    const url = stage.newRoom();
    await stage.sayAll(url, LINES);
    const ada = await stage.open();
    await ada.page.addInitScript(() => {
      const states = new Set<string | null>();
      addEventListener("DOMContentLoaded", () => {
        const list = document.querySelector("[data-messages]")!;
        new MutationObserver(() => states.add(list.ariaBusy)).observe(list, { childList: true });
      });
      Object.assign(window, { busyAtAdditions: () => [...states] });
    });
    await ada.page.goto(url);
    await ada.connected();
    await ada.lines.getByText("line 24").waitFor();
    await ada.page.locator("[data-messages][aria-busy=false]").waitFor();
    const states = await ada.page.evaluate(() => {
      return (window as unknown as { busyAtAdditions(): string[] }).busyAtAdditions();
    });
    expect(states).toEqual(["true"]);
  });

  it("leaves translated words alone until the page has something new to say", async () => {
    const ada = await stage.arrive();
    await ada.page.locator("[data-status]").evaluate((status) => {
      status.textContent = "Verbunden";
    });
    const sentence = ada.page.locator("[data-diagram-words]");
    await sentence.evaluate((element) => {
      for (const node of element.childNodes) {
        if (node instanceof Text) node.data = node.data.replace("Your WebSocket has been", "Ihr");
      }
    });
    const seconds = Number(/(\d+) s\.$/.exec(await sentence.innerText())?.[1]);
    await sentence.getByText(`open for ${seconds + 2} s.`).waitFor();
    expect(await sentence.innerText()).toContain("Ihr open for");
    expect(await ada.page.locator("[data-status]").innerText()).toBe("Verbunden");
    await ada.say("do not translate names");
    const sender = ada.page.locator("[data-sender]");
    expect(await sender.evaluate((element: HTMLElement) => element.translate)).toBe(false);
  });
});
