import { describe, expect, it } from "vitest";
import { setStage } from "./stage.ts";

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
