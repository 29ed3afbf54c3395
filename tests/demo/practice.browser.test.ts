import { expect, it } from "vitest";
import { setStage } from "../support/stage.ts";

const stage = setStage();

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

it("messages typed while connections are refused wait, and arrive once, in order", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await ada.practise("Refuse connections for 10 s");
  await ada.page.locator('[data-path][data-socket="broken"]').waitFor();
  for (const text of ["one", "two", "three"]) await ada.say(text);
  await ada.page.getByText("waiting for the connection").nth(2).waitFor();
  expect(await bob.lines.count()).toBe(0);
  await ada.page.locator("[data-status]", { hasText: /^Connected$/ }).waitFor({ timeout: 40_000 });
  await bob.page.locator("[data-status]", { hasText: /^Connected$/ }).waitFor({ timeout: 40_000 });
  await bob.sees(bob.lines, ["one", "two", "three"]);
  await ada.sees(ada.lines, ["one", "two", "three"]);
  await ada.page.getByText("waiting for the connection").waitFor({ state: "detached" });
});

it("an expired token is renewed, and the function runs for it once more", async () => {
  const ada = await stage.arrive(stage.newRoom());
  await ada.practise("Expire my token now");
  await ada.page.getByText(/ms, 2 runs$/).waitFor();
  await ada.connected();
  await ada.say("still here");
  await ada.sees(ada.lines, ["still here"]);
});

it("delayed messages arrive late and in order", async () => {
  const ada = await stage.arrive(stage.newRoom());
  await ada.practise("Delay messages by 1 s");
  const before = Date.now();
  await ada.say("slow");
  await ada.page.locator('.line[data-delivery="sending"]').waitFor();
  await ada.page.locator('.line[data-delivery="delivered"]').waitFor();
  expect(Date.now() - before).toBeGreaterThanOrEqual(1_000);
  await ada.practise("No delay");
});

it("a restart of Ably is survived, presence is re-entered, and the gap is said", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await ada.practise("Stop Ably, and start it again empty");
  for (const visitor of [ada, bob]) {
    await visitor.page.getByText("some messages may be missing here").waitFor({ timeout: 40_000 });
    await expect.poll(() => visitor.people.count(), { timeout: 40_000 }).toBe(2);
  }
  await ada.say("back again");
  await bob.sees(bob.lines, ["back again"]);
});
