/** A deploy preview has the key of production, and channels of its own. */
import { afterAll, expect, it, vi } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";
import { startProduction } from "../../support/production.ts";

const stage = setStage(() => {
  // `netlify serve` builds and serves for this deploy context.
  vi.stubEnv("CONTEXT", "deploy-preview");
  return startProduction();
});

afterAll(() => void vi.unstubAllEnvs());

it("connects its visitors with each other, on channels that production does not use", async () => {
  const url = stage.newRoom();
  const ada = await stage.open();
  const sent: string[] = [];
  ada.page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => sent.push(String(payload)));
  });
  await ada.page.goto(url);
  await ada.connected();
  const bob = await stage.arrive(url);
  await ada.say("hello");
  await bob.sees(bob.lines, ["hello"]);
  const room = new URL(url).searchParams.get("room");
  const channels = sent.flatMap((text) => /"channel":"([^"]*)"/.exec(text)?.[1] ?? []);
  expect([...new Set(channels)]).toEqual([`room-preview:${room}`]);
});
