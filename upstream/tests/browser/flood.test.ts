import { expect, it } from "vitest";
import { MAX_LINES } from "../../../src/demo/state/timeline.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import type { Visitor } from "../../../tests/demo/visitor.ts";

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
  await ada.page.getByText(`This page keeps the last ${MAX_LINES} messages.`).waitFor();
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

it("a message with the key of a notice stands beside it", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  const notice = ada.page.locator("[data-messages] .notice");
  await notice.getByText("joined").waitFor();
  const bobsId = await bob.page.evaluate(() => sessionStorage.getItem("clientId"));
  const message = { id: `presence ${bobsId}`, name: "chat-message", data: { text: "me too" } };
  await stage.channelOf(url).publish(message);
  await ada.sees(ada.lines, ["me too"]);
  await bob.goAway();
  await notice.getByText("left").waitFor();
  await expectUsable(ada);
});

/** Opens a room, and returns what delivers a message there as if Ably had sent it. */
async function openWithDelivery(url: string) {
  const ada = await stage.open();
  const channel = stage.channelOf(url).name;
  let send: (frame: string | Buffer) => void = () => {};
  await ada.page.routeWebSocket(/access_token=/, (socket) => {
    const server = socket.connectToServer();
    send = (frame) => socket.send(frame);
    server.onMessage(send);
  });
  await ada.page.goto(url);
  await ada.connected();
  const MESSAGE = 15;
  const deliver = (text: string, fields: object) => {
    const content = { name: "chat-message", data: JSON.stringify({ text }), encoding: "json" };
    const message = { ...content, clientId: "eve", timestamp: Date.now(), ...fields };
    send(JSON.stringify({ action: MESSAGE, channel, messages: [message, message] }));
  };
  return { ada, deliver };
}

/** Local Ably refuses such IDs. Whether Ably's cloud does is not documented. */
it("message IDs of any length are not kept whole", async () => {
  const { ada, deliver } = await openWithDelivery(stage.newRoom());
  for (const end of ["a", "b"]) deliver(end, { id: "x".repeat(60_000) + end });
  await ada.sees(ada.lines, ["a", "b"]);
  const lengths = await ada.page.evaluate(() =>
    [...document.querySelectorAll(".line")].map((line) => line.outerHTML.length),
  );
  for (const length of lengths) expect(length).toBeLessThan(5_000);
});

it("messages with fields of a wrong type are shown", async () => {
  const { ada, deliver } = await openWithDelivery(stage.newRoom());
  deliver("no date", { id: "1", timestamp: 1e18 });
  deliver("no time", { id: "2", timestamp: "soon" });
  deliver("no name", { id: "3", clientId: 7 });
  deliver("no id", { id: 4 });
  await ada.sees(ada.lines, ["no date", "no time", "no name", "no id"]);
  await expectUsable(ada);
});
