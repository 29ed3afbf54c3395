import { expect, it } from "vitest";
import { MAX_LINES } from "../../../src/demo/state/timeline.ts";
import { setStage } from "../../../tests/support/stage.ts";
import type { Visitor } from "../../../tests/support/visitor.ts";

const MESSAGES = 10_000;
const BATCH = 100;

const stage = setStage();

async function expectUsable(visitor: Visitor): Promise<void> {
  await visitor.say("still here");
  await visitor.page.locator(".line.mine").getByText("still here").waitFor();
}

it("keeps the last of 10,000 messages, says so, and stays usable", async () => {
  const url = stage.newRoom();
  const ada = await stage.arrive(url);
  for (let batch = 0; batch < MESSAGES / BATCH; batch++) {
    const texts = Array.from({ length: BATCH }, (_, i) => `${batch * BATCH + i}`);
    await stage.sayAll(url, texts);
  }
  await ada.lines.getByText(`${MESSAGES - 1}`, { exact: true }).waitFor();
  expect(await ada.lines.count()).toBe(MAX_LINES);
  expect(await ada.lines.first().innerText()).toBe(`${MESSAGES - MAX_LINES}`);
  expect(await ada.page.locator("[data-forgotten]").isVisible()).toBe(true);
  await expectUsable(ada);
});

it("keeps the last of thousands in one moment, and stays usable", async () => {
  const url = stage.newRoom();
  const ada = await stage.arrive(url);
  const channel = stage.channelOf(url);
  const empty = Array.from({ length: 1_000 }, () => ({}));
  for (let i = 0; i < 3; i++) await channel.publish(empty);
  await channel.publish("chat-message", { text: "the end" });
  await ada.lines.last().getByText("the end").waitFor();
  expect(await ada.lines.count()).toBe(MAX_LINES);
  await ada.page.locator("[data-forgotten]").waitFor();
  await expectUsable(ada);
});
