import Ably from "ably";
import { describe, expect, it } from "vitest";
import { LOCAL_ABLY_KEY } from "../../netlify/functions/ably-token-request/key.ts";
import { startDev } from "../support/dev-server.ts";
import { setStage } from "../support/stage.ts";
import type { Visitor } from "../support/visitor.ts";

const stage = setStage(() =>
  startDev({ settings: { connectionStateTtl: 3_000, maxPresenceMembers: 2 } }),
);

it("says so when the connection stays away, and keeps what is sent until it is back", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
  await ada.say("before");
  await bob.sees(bob.lines, ["before"]);
  await ada.practise("Refuse connections for 10 s");
  await ada.page.getByText("No connection for over two minutes").waitFor();
  expect(await ada.page.locator("[data-status]").innerText()).toMatch(/^Still no connection/);
  for (const text of ["one", "two"]) await ada.say(text);
  await ada.page.getByText("waiting for the connection").nth(1).waitFor();
  await ada.page.fill("[data-name-input]", "Ada Lovelace");
  await ada.page.keyboard.press("Enter");
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

it("says so when the function cannot be reached, and connects once it can", async () => {
  const visitor = await stage.open();
  const { page } = visitor;
  await page.route("**/.netlify/functions/**", (route) => route.abort());
  await page.goto(stage.newRoom());
  await page.getByText("The token function did not answer").waitFor();
  await page.unroute("**/.netlify/functions/**");
  await page.getByRole("button", { name: "Try again now" }).click();
  await visitor.connected();
  expect(await page.locator("[data-problem]").isHidden()).toBe(true);
});

it("says so when the function refuses for good", async () => {
  const visitor = await stage.open();
  const error = { code: 40012, statusCode: 403, message: "The clientId was refused: testing." };
  await visitor.page.route("**/.netlify/functions/**", (route) =>
    route.fulfill({
      status: 403,
      headers: { "x-ably-errorcode": "40012" },
      contentType: "application/json",
      body: JSON.stringify({ error }),
    }),
  );
  await visitor.page.goto(stage.newRoom());
  await visitor.page.getByText("The clientId was refused: testing.", { exact: true }).waitFor();
  expect(await visitor.page.locator("[data-status]").innerText()).toBe("Not connected");
});

describe("says so in words when", () => {
  /** Lets the function sign with another key, or for another capability. */
  async function arriveWith(key: string, params: Ably.TokenParams): Promise<Visitor> {
    const { auth } = new Ably.Rest({ key });
    const visitor = await stage.open();
    await visitor.page.route("**/.netlify/functions/**", async (route) =>
      route.fulfill({ json: await auth.createTokenRequest({ clientId: "ada", ...params }) }),
    );
    await visitor.page.goto(stage.newRoom());
    return visitor;
  }

  const problem = (visitor: Visitor) => visitor.page.locator("[data-problem]");

  it("Ably refuses the key", async () => {
    const visitor = await arriveWith(`${LOCAL_ABLY_KEY}-wrong`, {});
    await problem(visitor).getByText("Ably refused the key of this site").waitFor();
    expect(await problem(visitor).innerText()).toMatch(/ABLY_API_KEY is a current key/);
  });

  it("the token does not open the room", async () => {
    const visitor = await arriveWith(LOCAL_ABLY_KEY, { capability: '{"other:*":["*"]}' });
    await problem(visitor).getByText("This room cannot be opened").waitFor();
  });

  it("no WebSocket gets through, and goes on trying", async () => {
    const visitor = await stage.open();
    await visitor.page.addInitScript(() => {
      const Real = WebSocket;
      window.WebSocket = class extends Real {
        constructor(url: string, protocols?: string | string[]) {
          super(protocols ? url : "ws://127.0.0.1:1/", protocols);
        }
      } as typeof WebSocket;
    });
    await visitor.page.goto(stage.newRoom());
    await problem(visitor).getByText("Ably cannot be reached").waitFor();
  });
});
