import Ably from "ably";
import { describe, expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";
import type { Visitor } from "../../../tests/demo/visitor.ts";

/** The one key that local Ably accepts. */
const LOCAL_ABLY_KEY = "local.dev:not-a-secret-opens-only-local-ably";

const stage = setStage();

it("says so when the function cannot be reached, and connects once it can", async () => {
  const visitor = await stage.open();
  const { page } = visitor;
  await page.route("**/.netlify/functions/**", (route) => route.abort());
  await page.goto(stage.newRoom());
  await page.getByText("This site cannot be reached").waitFor();
  await page.unroute("**/.netlify/functions/**");
  await page.getByRole("button", { name: "Try again" }).click();
  await visitor.connected();
  expect(await page.locator("[data-problem]").isHidden()).toBe(true);
});

it("shows how to set a key, and connects by itself when there is one", async () => {
  const visitor = await stage.open();
  const { page } = visitor;
  const message = "This site has no ABLY_API_KEY yet. Copy a key from https://ably.com/accounts.";
  const error = { code: 40106, statusCode: 500, message };
  const headers = { "x-ably-errorcode": "40106" };
  await page.route("**/.netlify/functions/**", (route) =>
    route.fulfill({ status: 500, headers, json: { error } }),
  );
  await page.goto(stage.newRoom());
  const problem = page.locator("[data-problem]");
  await problem.getByText("This site has no ABLY_API_KEY yet.", { exact: true }).waitFor();
  expect(await problem.locator("ol > li").count()).toBe(3);
  expect(await page.locator("[data-text]").isVisible()).toBe(false);
  await page.unroute("**/.netlify/functions/**");
  // The SDK asks the function again after 15 s.
  await expect.poll(() => problem.isVisible(), { timeout: 40_000 }).toBe(false);
  await visitor.connected();
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
    await visitor.page.route("**/.netlify/functions/**", async (route) => {
      const clientId = new URL(route.request().url()).searchParams.get("clientId") ?? "";
      await route.fulfill({ json: await auth.createTokenRequest({ clientId, ...params }) });
    });
    await visitor.page.goto(stage.newRoom());
    return visitor;
  }

  const problem = (visitor: Visitor) => visitor.page.locator("[data-problem]");

  it("Ably refuses the key", async () => {
    const visitor = await arriveWith(`${LOCAL_ABLY_KEY}-wrong`, {});
    await problem(visitor).getByText("Ably rejected the key of this site").waitFor();
    expect(await problem(visitor).innerText()).toMatch(/ABLY_API_KEY/);
  });

  it("the token does not open the room", async () => {
    const visitor = await arriveWith(LOCAL_ABLY_KEY, { capability: '{"other:*":["*"]}' });
    await problem(visitor).getByText("This room could not be opened").waitFor();
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
