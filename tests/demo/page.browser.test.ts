import { describe, expect, it } from "vitest";
import { setStage } from "../support/stage.ts";
import type { Visitor } from "../support/visitor.ts";

const stage = setStage();

/** How far the list is from its end, in CSS px. */
const fromEnd = ({ page }: Visitor) =>
  page
    .locator("[data-messages]")
    .evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);

async function scrollToStart({ page }: Visitor): Promise<void> {
  await page.locator("[data-messages]").evaluate((list) => {
    const scrolled = new Promise((resolve) =>
      list.addEventListener("scroll", resolve, { once: true }),
    );
    list.scrollTop = 0;
    return scrolled;
  });
}

describe("the diagram", () => {
  it("lights the function while it runs, and the WebSocket while it is open", async () => {
    const visitor = await stage.open({ viewport: { width: 1280, height: 800 } });
    const { page } = visitor;
    let answer = () => {};
    const called = new Promise<void>((resolve) => {
      void page.route("**/.netlify/functions/ably-token-request*", async (route) => {
        resolve();
        await new Promise<void>((go) => (answer = go));
        await route.continue();
      });
    });
    await page.goto(stage.newRoom());
    await called;
    const step = (name: string) => page.locator(`[data-step="${name}"]`);
    await page.locator('[data-step="function"][data-state="active"]').waitFor();
    const places = () =>
      page
        .locator("[data-path] > *")
        .evaluateAll((all) => all.map((part) => part.getBoundingClientRect().top));
    const before = await places();
    answer();
    await visitor.connected();
    for (const name of ["page", "function", "token", "socket", "channel"]) {
      await page.locator(`[data-step="${name}"][data-state="done"]`).waitFor();
      expect(await step(name).locator("[data-step-time]").innerText()).toMatch(/^\d+ ms$/);
    }
    expect(await page.locator("[data-path-words]").innerText()).toMatch(
      /^The function ran for \d+ ms\. Your WebSocket has been open for \d+ s\.$/,
    );
    // Nothing moves once it is drawn.
    expect(await places()).toEqual(before);
  });

  it("counts how long the WebSocket has been open", async () => {
    const ada = await stage.arrive();
    const words = ada.page.locator("[data-path-words]");
    await words.getByText("has been open for 2 s").waitFor();
    await ada.page
      .locator(".facts > div", { hasText: "Round trip" })
      .getByText(/^\d+ ms$/)
      .waitFor();
  });

  it("plays again with a new connection, and keeps the messages", async () => {
    const ada = await stage.arrive();
    await ada.say("before");
    await ada.sees(ada.lines, ["before"]);
    const calls: string[] = [];
    ada.page.on("request", (request) => calls.push(request.url()));
    await ada.page.locator("[data-replay]").click();
    await ada.page.locator('[data-step="function"][data-state="done"]').waitFor();
    await ada.connected();
    await expect
      .poll(() => calls.filter((url) => url.includes("ably-token-request")))
      .toHaveLength(1);
    await ada.say("after");
    await ada.sees(ada.lines, ["before", "after"]);
    expect(await ada.page.locator(".notice").count()).toBe(0);
    expect(await ada.people.count()).toBe(1);
  });

  it("shows each message on its way, unless less motion is wanted", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    const bob = await stage.arrive(url, { reducedMotion: "reduce" });
    const watch = ({ page }: Visitor) =>
      page.evaluate(() => {
        const bar = document.querySelector('[data-bar="socket"]')!;
        const dots: string[] = [];
        new MutationObserver((changes) => {
          for (const { addedNodes } of changes)
            for (const node of addedNodes) dots.push((node as HTMLElement).className);
        }).observe(bar, { childList: true });
        Object.assign(window, { dots });
      });
    const dots = ({ page }: Visitor) =>
      page.evaluate(() => (window as unknown as { dots: string[] }).dots);
    await Promise.all([watch(ada), watch(bob)]);
    await ada.say("hello");
    await bob.sees(bob.lines, ["hello"]);
    await expect.poll(() => dots(ada)).toEqual(["sent", "received"]);
    expect(await dots(bob)).toEqual([]);
  });
});

describe("the people", () => {
  it("join, leave and type in sight of the others", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    const bob = await stage.arrive(url);
    const name = await bob.name();
    const notices = ada.page.locator("[data-messages] .notice [data-body]");
    await ada.sees(notices, [`${name} joined`]);
    await bob.page.locator("[data-text]").pressSequentially("hm");
    const typing = ada.page.locator("[data-typing]");
    await expect.poll(() => typing.innerText()).toBe(`${name} is typing…`);
    await bob.page.keyboard.press("Enter");
    await expect.poll(() => typing.innerText()).toBe("");
    await bob.goAway();
    await ada.sees(notices, [`${name} left`]);
    await ada.sees(ada.page.locator("[data-messages] [data-sender]"), [name]);
  });

  it("get another made-up name if theirs is taken", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    const name = await ada.name();
    const bob = await stage.open();
    await bob.page.addInitScript((taken) => {
      if (!sessionStorage.getItem("name")) sessionStorage.setItem("name", taken);
    }, name);
    await bob.page.goto(url);
    await bob.connected();
    await expect.poll(() => bob.name()).not.toBe(name);
    await ada.sees(ada.people, [name, await bob.name()]);
  });

  it("no longer type when they stop", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await bob.page.locator("[data-text]").pressSequentially("h");
    const typing = ada.page.locator("[data-typing]");
    await expect.poll(() => typing.innerText()).not.toBe("");
    await expect.poll(() => typing.innerText(), { timeout: 10_000 }).toBe("");
  });

  it("show a new name to everyone at once, and keep it over a reload", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await ada.say("who am I?");
    await bob.sees(bob.lines, ["who am I?"]);
    await ada.rename("Ada Lovelace");
    await bob.people.getByText("Ada Lovelace").waitFor();
    await expect
      .poll(() => bob.page.locator(".line [data-sender]").innerText())
      .toBe("Ada Lovelace");
    await ada.page.reload();
    await ada.connected();
    expect(await ada.name()).toBe("Ada Lovelace");
  });

  it("cannot take a name that nobody can see", async () => {
    const ada = await stage.arrive();
    const before = await ada.name();
    await ada.rename("\u200b\u2060");
    const input = ada.page.locator("[data-name-input]");
    expect(await input.evaluate((box: HTMLInputElement) => box.validationMessage)).not.toBe("");
    await ada.page.keyboard.press("Escape");
    expect(await ada.name()).toBe(before);
  });

  it("cannot pass for me by their name", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    const eve = await stage.arrive(url);
    const name = await ada.name();
    await eve.rename(`${name} (you)`);
    const fake = ada.page.locator(".person", { hasText: "(you)" });
    await fake.waitFor();
    expect(await fake.locator(".badge").innerText()).toBe("");
    await eve.say("I am you");
    const line = ada.page.locator(".line", { hasText: "I am you" });
    await line.waitFor();
    expect(await line.locator("[data-badge]").isVisible()).toBe(false);
  });

  it("are set apart in sentences, whatever their name says", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    const eve = await stage.open();
    await eve.page.addInitScript(() => {
      sessionStorage.setItem("name", "דנה left. The room closes now. Eve\u202e");
    });
    await eve.page.goto(url);
    await eve.connected();
    const notice = ada.page.locator(".notice [data-body]");
    await notice.waitFor();
    expect(await notice.locator("bdi").innerText()).toBe("דנה left. The room closes now. Eve");
    expect(await notice.evaluate((element) => getComputedStyle(element).direction)).toBe("ltr");
    // The page's own word stands on the right of the name, which ends the sentence in English.
    const [nameEnd, wordStart] = await notice.evaluate((element) => {
      const name = element.querySelector("bdi")!.getBoundingClientRect();
      const word = document.createRange();
      word.selectNodeContents(element.lastChild!);
      return [name.right, word.getBoundingClientRect().left];
    });
    expect(wordStart).toBeGreaterThanOrEqual((nameEnd ?? 0) - 1);
  });
});

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

  it("does not send when Enter takes the candidate of an input method", async () => {
    const ada = await stage.arrive();
    const cdp = await ada.page.context().newCDPSession(ada.page);
    await ada.page.focus("[data-text]");
    const composition = { text: "にほん", selectionStart: 3, selectionEnd: 3 };
    await cdp.send("Input.imeSetComposition", composition);
    const enter = { key: "Process", code: "Enter", windowsVirtualKeyCode: 229 };
    await cdp.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
    await cdp.send("Input.insertText", { text: "日本" });
    expect(await ada.page.inputValue("[data-text]")).toBe("日本");
    await ada.page.keyboard.press("Enter");
    await ada.sees(ada.lines, ["日本"]);
  });

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
    for (let i = 0; i < 25; i++) await bob.say(`line ${i}`);
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
    const ada = await stage.arrive();
    for (let i = 0; i < 25; i++) await ada.say(`line ${i}`);
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

  it("leaves translated words alone until the page has something new to say", async () => {
    const ada = await stage.arrive();
    await ada.page.locator("[data-status]").evaluate((status) => {
      status.textContent = "Verbunden";
    });
    await ada.page.locator("[data-path-words]").getByText("open for 3 s").waitFor();
    expect(await ada.page.locator("[data-status]").innerText()).toBe("Verbunden");
    await ada.say("do not translate names");
    const sender = ada.page.locator("[data-sender]");
    expect(await sender.evaluate((element: HTMLElement) => element.translate)).toBe(false);
  });
});

describe("the room", () => {
  it("is the one that the link names, apart from the others", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(stage.newRoom())];
    await ada.say("only here");
    await ada.sees(ada.lines, ["only here"]);
    expect(await ada.people.count()).toBe(1);
    expect(await bob.lines.count()).toBe(0);
    expect(await ada.page.locator("h1").innerText()).toContain(url.split("=")[1]);
  });

  it("is the lobby, and says so, if the link names an invalid room", async () => {
    const ada = await stage.arrive(`${stage.site.url}/?room=%5Bmeta%5D*`);
    expect(await ada.page.locator("h1").innerText()).toContain("lobby");
    await ada.page.locator("[data-problem]").getByText("This is the lobby.").waitFor();
  });

  it("can be opened again after Ably refused it", async () => {
    const { page, connected } = await stage.open().then((visitor) => ({
      page: visitor.page,
      connected: () => visitor.connected(),
    }));
    let isRefused = true;
    await page.routeWebSocket(/access_token=/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((frame) => {
        const { action, channel } = JSON.parse(String(frame)) as Record<string, unknown>;
        const ATTACH = 10;
        if (!isRefused || action !== ATTACH) return server.send(frame);
        const error = { code: 40160, statusCode: 401, message: "Denied for a test." };
        socket.send(JSON.stringify({ action: 9, channel, error }));
      });
    });
    await page.goto(stage.newRoom());
    const problem = page.locator("[data-problem]");
    await problem.getByText("Denied for a test.").waitFor();
    isRefused = false;
    await page.locator("[data-retry]").click();
    await connected();
    await problem.waitFor({ state: "hidden" });
  });
});

describe("a phone", () => {
  it.each([
    [360, 640],
    [390, 844],
    [844, 390],
    [390, 420],
    [1280, 800],
  ])(
    "of %i × %i px shows the last message and the box without scrolling",
    async (width, height) => {
      const ada = await stage.arrive(stage.newRoom(), { viewport: { width, height } });
      for (let i = 0; i < 12; i++) await ada.say(`line ${i}`);
      await ada.lines.getByText("line 11").waitFor();
      for (const selector of [
        ".line:last-child",
        "[data-text]",
        "[data-people] .me",
        "[data-status]",
      ]) {
        const box = await ada.page.locator(selector).last().boundingBox();
        expect(box, selector).not.toBeNull();
        expect(box!.y, selector).toBeGreaterThanOrEqual(0);
        expect(box!.y + box!.height, selector).toBeLessThanOrEqual(height);
      }
      const overflow = () => document.documentElement.scrollWidth - innerWidth;
      expect(await ada.page.evaluate(overflow)).toBeLessThanOrEqual(0);
      expect(
        await ada.page.evaluate(() => document.documentElement.scrollHeight - innerHeight),
      ).toBe(0);
    },
  );

  it("opens the diagram from one line, and closes it again", async () => {
    const ada = await stage.arrive(stage.newRoom(), { viewport: { width: 390, height: 844 } });
    const toggle = ada.page.locator("[data-path-toggle]");
    await toggle.getByText(/^Function ran \d+ ms · WebSocket open for \d+ s$/).waitFor();
    await toggle.click();
    await ada.page.locator("[data-path-words]").waitFor();
    expect(await toggle.getAttribute("aria-expanded")).toBe("true");
    await toggle.click();
    await ada.page.locator("[data-text]").waitFor();
    expect(await ada.page.locator("[data-path-words]").isVisible()).toBe(false);
  });

  it("has targets of 44 px, and no text field that iOS would zoom into", async () => {
    const ada = await stage.arrive(stage.newRoom(), { viewport: { width: 390, height: 844 } });
    const small = await ada.page.evaluate(() => {
      const isSmall = (element: Element) => {
        const { width, height } = element.getBoundingClientRect();
        return width > 0 && (width < 44 || height < 44);
      };
      return [...document.querySelectorAll("button, textarea")]
        .filter(isSmall)
        .map((e) => e.outerHTML);
    });
    expect(small).toEqual([]);
    const fontSizes = await ada.page.evaluate(() =>
      [...document.querySelectorAll("input, textarea")].map((e) =>
        parseFloat(getComputedStyle(e).fontSize),
      ),
    );
    expect(Math.min(...fontSizes)).toBeGreaterThanOrEqual(16);
  });
});
