import { expect, it } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";

/** A site of its own: while connections are refused, nobody can connect. */
const stage = setStage(() => startDev());

it("messages typed while connections are refused wait, and arrive once, in order", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await ada.practise("Refuse connections for 10 s");
  await ada.page.locator('[data-diagram][data-socket="broken"]').waitFor();
  for (const text of ["one", "two", "three"]) await ada.say(text);
  await ada.page.getByText("waiting for the connection").nth(2).waitFor();
  expect(await bob.lines.count()).toBe(0);
  await ada.page.locator("[data-status]", { hasText: /^Connected$/ }).waitFor({ timeout: 40_000 });
  await bob.page.locator("[data-status]", { hasText: /^Connected$/ }).waitFor({ timeout: 40_000 });
  await bob.sees(bob.lines, ["one", "two", "three"]);
  await ada.sees(ada.lines, ["one", "two", "three"]);
  await ada.page.getByText("waiting for the connection").waitFor({ state: "detached" });
});
