import { expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";
import type { Visitor } from "../../../tests/demo/visitor.ts";

const stage = setStage();

const FUNCTION = "**/.netlify/functions/ably-token-request*";

/** Counts the calls of the function from now on. */
async function countCalls({ page }: Visitor): Promise<() => number> {
  let calls = 0;
  await page.route(FUNCTION, async (route) => {
    calls++;
    await route.continue();
  });
  return () => calls;
}

/** Spoils the signature of the token that this tab has stored. */
function breakToken({ page }: Visitor): Promise<void> {
  return page.evaluate(() => {
    const key = Object.keys(sessionStorage).find((name) => name.startsWith("ably-token/"))!;
    const token = JSON.parse(sessionStorage.getItem(key)!) as object;
    sessionStorage.setItem(key, JSON.stringify({ ...token, token: "e30.e30.not-a-signature" }));
  });
}

async function reload(visitor: Visitor): Promise<void> {
  await visitor.page.reload();
  await visitor.connected();
}

it("is used for all pages of a tab, so that the function runs once", async () => {
  const ada = await stage.open();
  const calls = await countCalls(ada);
  await ada.page.goto(stage.newRoom());
  await ada.connected();
  for (let load = 0; load < 3; load++) await reload(ada);
  await ada.page.goto(stage.newRoom());
  await ada.connected();
  expect(calls()).toBe(1);
  await ada.page
    .locator("[data-diagram-words]")
    .getByText("The function did not run: this tab still has a token.")
    .waitFor();
  await ada.say("hello");
  await ada.sees(ada.lines, ["hello"]);
});

it("is replaced, without a word, if Ably refuses it", async () => {
  const ada = await stage.arrive();
  const calls = await countCalls(ada);
  await breakToken(ada);
  const problems: string[] = [];
  await ada.page.exposeFunction("report", (text: string) => problems.push(text));
  await ada.page.addInitScript(() => {
    document.addEventListener("DOMContentLoaded", () => {
      const panel = document.querySelector<HTMLElement>("[data-problem]")!;
      const { report } = window as unknown as { report(text: string): void };
      new MutationObserver(() => panel.hidden || report(panel.innerText)).observe(panel, {
        attributes: true,
        subtree: true,
        childList: true,
      });
    });
  });
  await reload(ada);
  expect(calls()).toBe(1);
  expect(problems).toEqual([]);
  await reload(ada);
  expect(calls()).toBe(1);
});

it("is not needed where storage is forbidden", async () => {
  const ada = await stage.open();
  await ada.page.addInitScript(() => {
    Object.defineProperty(window, "sessionStorage", {
      get() {
        throw new DOMException("Forbidden", "SecurityError");
      },
    });
  });
  const calls = await countCalls(ada);
  await ada.page.goto(stage.newRoom());
  await ada.connected();
  await reload(ada);
  expect(calls()).toBe(2);
  await ada.say("works");
  await ada.sees(ada.lines, ["works"]);
});
