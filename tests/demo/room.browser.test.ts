import { afterEach, expect, it } from "vitest";
import { setStage } from "./stage.ts";
import { Visitor } from "./visitor.ts";

const stage = setStage();

afterEach(() => {
  for (const { complaints } of stage.visitors) expect(complaints).toEqual([]);
});

it("carries what one types to the other, in order, once, both ways", async () => {
  const url = stage.newRoom();
  const [ada, bob] = await Promise.all([stage.arrive(url), stage.arrive(url)]);
  const texts = Array.from({ length: 20 }, (_, i) => `message ${i}`);
  for (const [i, text] of texts.entries()) {
    const [speaker, listener] = i % 2 ? [bob, ada] : [ada, bob];
    await speaker.say(text);
    await listener.lines.getByText(text, { exact: true }).waitFor();
  }
  await ada.sees(ada.lines, texts);
  await bob.sees(bob.lines, texts);
});

it("shows who is here, and not who has gone", async () => {
  const url = stage.newRoom();
  const [ada, bob] = await Promise.all([stage.arrive(url), stage.arrive(url)]);
  const [adasName, bobsName] = await Promise.all([ada.name(), bob.name()]);
  await ada.sees(ada.people, [adasName, bobsName]);
  await bob.sees(bob.people, [bobsName, adasName]);
  await bob.goAway();
  await ada.sees(ada.people, [adasName]);
});

it("shows two tabs of one context as two people, and a duplicated tab as one with two tabs", async () => {
  const url = stage.newRoom();
  const ada = await stage.arrive(url);
  const context = ada.page.context();
  const second = new Visitor(await context.newPage());
  await second.page.goto(url);
  await second.connected();
  await expect.poll(() => ada.people.count()).toBe(2);

  const [duplicate] = await Promise.all([
    context.waitForEvent("page"),
    ada.page.evaluate(() => void window.open(location.href)),
  ]);
  await new Visitor(duplicate).connected();
  await ada.page.locator("[data-people]").getByText("you, 2 tabs").waitFor();
  expect(await ada.people.count()).toBe(2);
});

it("keeps the person and the recent messages over a reload, each once", async () => {
  const url = stage.newRoom();
  const [ada, bob] = await Promise.all([stage.arrive(url), stage.arrive(url)]);
  const name = await ada.name();
  await bob.say("before the reload");
  await ada.lines.getByText("before the reload").waitFor();
  const before = await ada.lines.allInnerTexts();
  await ada.page.reload();
  await ada.connected();
  await ada.sees(ada.lines, before);
  expect(await ada.name()).toBe(name);
  await bob.say("after the reload");
  await ada.sees(ada.lines, [...before, "after the reload"]);
  const line = ada.page.locator(".line", { hasText: "before the reload" });
  expect(await line.getAttribute("class")).toContain("history");
});

it("says hello world at a press of the button, and never by itself", async () => {
  const url = stage.newRoom();
  const [ada, bob] = await Promise.all([stage.arrive(url), stage.arrive(url)]);
  const before = await bob.lines.allInnerTexts();
  expect(before).not.toContain("Hello world!");
  await ada.page.click("[data-hello]");
  await bob.sees(bob.lines, [...before, "Hello world!"]);
});
