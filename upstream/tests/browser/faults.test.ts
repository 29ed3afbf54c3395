/** Faults of Ably and the network, which local Ably makes. It has this file to itself. */
import { expect, it } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";

/** Short, so that the tests need not wait. */
const settings = { connectionStateTtl: 3_000, maxPresenceMembers: 2 };

const stage = setStage(() => startDev({ settings }));

it("a dropped connection comes back by itself, and nothing is lost or doubled", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await bob.say("before");
  await ada.sees(ada.lines, ["before"]);
  await ada.practise("Drop my connection");
  await bob.say("meanwhile");
  await ada.connected();
  await ada.say("after");
  await ada.sees(ada.lines, ["before", "meanwhile", "after"]);
  await bob.sees(bob.lines, ["before", "meanwhile", "after"]);
});

it("an expired token is renewed, and the function runs for it once more", async () => {
  const ada = await stage.arrive(stage.newRoom());
  await ada.practise("Expire my token now");
  await ada.page.locator("[data-diagram-words]").getByText("has signed 2 times").waitFor();
  await ada.connected();
  await ada.say("still here");
  await ada.sees(ada.lines, ["still here"]);
});

it("delayed messages arrive late and in order", async () => {
  const ada = await stage.arrive(stage.newRoom());
  await ada.practise("Delay messages by 1 s");
  const before = Date.now();
  await ada.say("slow");
  await ada.page.locator('.line[data-delivery="publishing"]').waitFor();
  await ada.page.locator('.line[data-delivery="delivered"]').waitFor();
  expect(Date.now() - before).toBeGreaterThanOrEqual(1_000);
  await ada.practise("No delay");
});

it("four quick messages keep their order over a slow connection, and are each added once", async () => {
  const ada = await stage.arrive(stage.newRoom());
  await ada.page.evaluate(() => fetch("/local-ably/faults/delay?ms=300", { method: "POST" }));
  await ada.page.evaluate(() => {
    const list = document.querySelector("[data-messages]")!;
    const read = () => [...list.querySelectorAll(".text")].map((line) => line.textContent).join();
    const orders: string[] = [];
    let added = 0;
    new MutationObserver((changes) => {
      added += changes.reduce((sum, { addedNodes }) => sum + addedNodes.length, 0);
      if (orders.at(-1) !== read()) orders.push(read());
    }).observe(list, { childList: true });
    Object.assign(window, { seen: () => ({ orders, added }) });
  });
  for (const text of ["one", "two", "three", "four"]) await ada.say(text);
  await expect.poll(() => ada.page.locator('[data-delivery="delivered"]').count()).toBe(4);
  type Seen = { orders: string[]; added: number };
  const seen = await ada.page.evaluate(() => (window as unknown as { seen(): Seen }).seen());
  expect(seen.added).toBe(4);
  for (const order of seen.orders) expect("one,two,three,four".startsWith(order)).toBe(true);
  await ada.practise("No delay");
});

it("messages and text that wait for the connection survive a reload, and arrive once", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await ada.practise("Refuse connections for 10 s");
  for (const text of ["first", "second"]) await ada.say(text);
  await ada.page.locator('.line[data-delivery="waiting"]').nth(1).waitFor();
  await ada.page.fill("[data-text]", "half typed");
  await ada.page.reload();
  await ada.sees(ada.lines, ["first", "second"]);
  expect(await ada.page.locator('.line[data-delivery="waiting"]').count()).toBe(2);
  expect(await ada.page.inputValue("[data-text]")).toBe("half typed");
  for (const visitor of [ada, bob]) await visitor.retryUntilConnected();
  for (const visitor of [ada, bob]) await visitor.sees(visitor.lines, ["first", "second"]);
  await expect.poll(() => ada.page.locator('[data-delivery="delivered"]').count()).toBe(2);
});

it("a restart of Ably is survived, presence is re-entered, and the gap is said", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await ada.practise("Stop Ably, and start it again empty");
  for (const visitor of [ada, bob]) {
    await visitor.retryUntil(visitor.page.getByText("messages may be missing here"));
  }
  for (const visitor of [ada, bob]) await expect.poll(() => visitor.people.count()).toBe(2);
  await ada.say("back again");
  await bob.sees(bob.lines, ["back again"]);
});

it("says so when the connection stays away, and keeps what is sent until it is back", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await ada.say("before");
  await bob.sees(bob.lines, ["before"]);
  await ada.practise("Refuse connections for 10 s");
  await ada.page.getByText("No connection for over two minutes").waitFor();
  expect(await ada.page.locator("[data-status]").getAttribute("data-state")).toBe("suspended");
  for (const text of ["one", "two"]) await ada.say(text);
  await ada.page.locator('.line[data-delivery="waiting"]').nth(1).waitFor();
  await ada.rename("Ada Lovelace");
  for (const visitor of [ada, bob]) await visitor.retryUntilConnected();
  await bob.sees(bob.lines, ["before", "one", "two"]);
  await ada.sees(ada.lines, ["before", "one", "two"]);
  for (const visitor of [ada, bob]) await visitor.people.getByText("Ada Lovelace").waitFor();
  expect(await ada.page.locator("[data-problem]").isHidden()).toBe(true);
});

it("says so when the room is full, where one can read and write all the same", async () => {
  const url = stage.newRoom();
  const [ada] = [await stage.arrive(url), await stage.arrive(url)];
  const third = await stage.open();
  await third.page.goto(url);
  const problem = third.page.locator("[data-problem]");
  await problem.getByText("This room is full").waitFor();
  await third.say("can you hear me?");
  await ada.sees(ada.lines, ["can you hear me?"]);
  await ada.say("yes");
  await third.sees(third.lines, ["can you hear me?", "yes"]);

  const log = third.page.locator("[data-log] li", { hasText: "room attached: " });
  const refusals = await log.count();
  await third.practise("Drop my connection");
  await expect.poll(() => log.count()).toBeGreaterThan(refusals);
  await problem.getByText("This room is full").waitFor();
  await ada.goAway();
  await expect.poll(() => third.people.count()).toBe(1);
  await third.page.locator("[data-text]").pressSequentially("h");
  await third.connected();
  expect(await problem.isHidden()).toBe(true);
});
