import { describe, expect, it } from "vitest";
import { setStage } from "./stage.ts";
import { Visitor } from "./visitor.ts";

const stage = setStage();

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

  it("no longer type when they have emptied the box", async () => {
    const ada = await stage.arrive();
    const watcher = stage.watcher();
    const room = watcher.channels.get(stage.channelOf(ada.page.url()).name);
    const typing: unknown[] = [];
    await room.presence.subscribe("update", ({ data }) => typing.push(data.isTyping));
    // A timer that would end it, too, never fires.
    await ada.page.evaluate(() => {
      window.setTimeout = (() => 0) as unknown as typeof setTimeout;
    });
    await ada.page.locator("[data-text]").pressSequentially("h");
    await ada.page.keyboard.press("Backspace");
    await expect.poll(() => typing).toEqual([true, false]);
    watcher.close();
  });

  it("have their new name in their own list, also without a connection", async () => {
    const ada = await stage.arrive();
    await ada.page.context().setOffline(true);
    await ada.page.locator("[data-status]", { hasText: /reconnecting/ }).waitFor();
    await ada.rename("Ada");
    await ada.sees(ada.people, ["Ada"]);
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

  it("get their chosen name back in a new tab, but not beside a tab that has it", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    await ada.rename("Ada Lovelace");
    await ada.people.getByText("Ada Lovelace").waitFor();
    const context = ada.page.context();
    const open = async () => {
      const visitor = new Visitor(stage.watch(await context.newPage()));
      await visitor.page.goto(url);
      return visitor.connected();
    };
    const second = await open();
    expect(await second.name()).not.toBe("Ada Lovelace");
    await ada.page.close({ runBeforeUnload: true });
    const third = await open();
    await expect.poll(() => third.name()).toBe("Ada Lovelace");
    await second.page.reload();
    await second.connected();
    expect(await second.name()).not.toBe("Ada Lovelace");
  });

  it("keep their name on what they wrote, for those who come after they have left", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    await ada.rename("Ada");
    await ada.people.getByText("Ada", { exact: true }).waitFor();
    await ada.say("see you");
    await ada.page.locator('.line[data-delivery="delivered"]').waitFor();
    await ada.goAway();
    const bob = await stage.arrive(url);
    await bob.sees(bob.page.locator(".line [data-sender]"), ["Ada"]);
  });

  it("are counted, and all in view at a press of their number", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url, { viewport: { width: 400, height: 700 } });
    const others = Array.from({ length: 8 }, (_, index) => stage.watcher(`guest-${index}`));
    const { name } = stage.channelOf(url);
    await Promise.all(others.map((each) => each.channels.get(name).presence.enter({ name: "G" })));
    const number = ada.page.getByRole("button", { name: "9 people" });
    await number.click();
    const outOfView = await ada.page.locator("[data-people]").evaluate((list) => {
      const { right, bottom } = list.getBoundingClientRect();
      const boxes = [...list.children].map((item) => item.getBoundingClientRect());
      return boxes.filter((box) => box.right > right + 1 || box.bottom > bottom + 1).length;
    });
    others.forEach((client) => client.close());
    expect(outOfView).toBe(0);
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
