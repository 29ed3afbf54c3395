import { expect, it } from "vitest";
import { setStage } from "../../../tests/support/stage.ts";

const stage = setStage();

it("keeps the last 500 of 10,000 messages, says so, and stays usable", async () => {
  const url = stage.newRoom();
  const ada = await stage.arrive(url);
  const channel = stage.stranger().channels.get(`room:${url.split("=")[1]}`);
  for (let batch = 0; batch < 100; batch++) {
    const texts = Array.from({ length: 100 }, (_, i) => `${batch * 100 + i}`);
    await channel.publish(texts.map((text) => ({ name: "chat-message", data: { text } })));
  }
  await ada.lines.getByText("9999", { exact: true }).waitFor();
  expect(await ada.lines.count()).toBe(500);
  expect(await ada.lines.first().innerText()).toBe("9500");
  expect(await ada.page.locator("[data-forgotten]").innerText()).toBe(
    "Only the last 500 entries are kept here.",
  );
  await ada.say("still here");
  await ada.page.locator(".line.mine").getByText("still here").waitFor();
});
