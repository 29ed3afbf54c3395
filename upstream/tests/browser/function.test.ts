/** The function as `npm run dev` serves it, with no key. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Site } from "../../../tests/support/stage.ts";
import { startDev } from "../../support/dev-server.ts";

let site: Site;
beforeAll(async () => {
  site = await startDev();
});
afterAll(() => site?.stop());

function ask(query: string, init?: RequestInit): Promise<Response> {
  return fetch(`${site.url}/.netlify/functions/ably-token-request${query}`, init);
}

it("signs a token request that local Ably takes, once", async () => {
  const response = await ask('?clientId=ada&capability={"*":["*"]}&ttl=999999999');
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("cache-control")).toContain("no-store");
  const tokenRequest = (await response.json()) as { keyName: string };
  const exchange = () =>
    fetch(`${site.url}/keys/${tokenRequest.keyName}/requestToken`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(tokenRequest),
    });
  const token = (await (await exchange()).json()) as Record<string, unknown>;
  expect(token.clientId).toBe("ada");
  expect(token.capability).toBe('{"room:*":["history","presence","publish","subscribe"]}');
  expect(Number(token.expires) - Number(token.issued)).toBe(60 * 60 * 1000);
  const again = await exchange();
  expect(again.status).toBe(401);
  expect(again.headers.get("x-ably-errorcode")).toBe("40105");
});

it.each([
  ["?clientId=*", {}, 403, "40012"],
  ["?clientId=", {}, 403, "40012"],
  ["?clientId=a%00b", {}, 403, "40012"],
  ["?clientId=ada", { method: "POST" }, 405, "40500"],
  ["?clientId=ada", { headers: { "sec-fetch-site": "cross-site" } }, 403, "40300"],
])("answers %s %j with %i in Ably's shape", async (query, init, status, code) => {
  const response = await ask(query, init);
  expect(response.status).toBe(status);
  expect(response.headers.get("x-ably-errorcode")).toBe(code);
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  expect(error).toMatchObject({ code: Number(code), statusCode: status });
});

it("answers OPTIONS and HEAD as HTTP asks", async () => {
  expect((await ask("", { method: "OPTIONS" })).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  const head = await ask("?clientId=ada", { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

it("names a visitor without a clientId NO_CLIENT_ID", async () => {
  expect(await (await ask("")).json()).toMatchObject({ clientId: "NO_CLIENT_ID" });
});
