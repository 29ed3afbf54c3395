/** The recipe that signs JWTs in place of token requests. */
import { decodeJwt } from "jose";
import { expect, it } from "vitest";
import { copyProject } from "../../../tests/support/copy.ts";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { CHECK_TIMEOUT_MS, checkRecipe, followRecipe } from "../../support/recipe.ts";

async function copyWithJwt(): Promise<string> {
  const copy = await copyProject();
  await followRecipe(copy, "Sign JWTs");
  return copy;
}

const stage = setStage(async () => startDev({ folder: await copyWithJwt() }));

it("npm run check passes with it", { timeout: CHECK_TIMEOUT_MS }, async () => {
  await checkRecipe(await copyWithJwt());
});

it("answers with a JWT that is not cached", async () => {
  const url = `${stage.site.url}/.netlify/functions/ably-token-request?clientId=ada`;
  const response = await fetch(url);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const { token } = (await response.json()) as { token: string };
  const claims = decodeJwt(token);
  expect(claims).toMatchObject({ "x-ably-clientId": "ada" });
  expect(Number(claims.exp) - Number(claims.iat)).toBe(3_600);
  const capability = JSON.parse(String(claims["x-ably-capability"])) as object;
  expect(Object.keys(capability)).toEqual(["room:*"]);
});

it("connects the page without an exchange", async () => {
  const { page } = await stage.open();
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(stage.newRoom());
  await page.locator("[data-status]", { hasText: /^Connected$/ }).waitFor();
  expect(requests.filter((url) => url.includes("ably-token-request"))).toHaveLength(1);
  expect(requests.filter((url) => url.includes("requestToken"))).toEqual([]);
});

it("lets two pages talk", async () => {
  const room = stage.newRoom();
  const [ada, bob] = [await stage.arrive(room), await stage.arrive(room)];
  await ada.say("Hello with a JWT");
  await bob.sees(bob.lines, ["Hello with a JWT"]);
});
