/** The recipe for a sign-in, with a provider that signs real ID tokens. */
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, expect, it } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { copyBareProject } from "../../support/fork.ts";
import { type Provider, startProvider } from "../../support/provider.ts";
import { CHECK_TIMEOUT_MS, checkRecipe, followRecipe } from "../../support/recipe.ts";

let provider: Provider;

async function copyWithSignIn(): Promise<string> {
  const copy = await copyBareProject();
  await followRecipe(copy, "Sign in");
  return copy;
}

const stage = setStage(async () => {
  provider = await startProvider();
  const folder = await copyWithSignIn();
  await provider.configure(folder);
  return startDev({ folder });
});
afterAll(() => provider?.close());

const sign: Provider["sign"] = (...args) => provider.sign(...args);

async function ask(authorization?: string) {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const url = `${stage.site.url}/.netlify/functions/ably-token-request?clientId=eve`;
  const response = await fetch(url, { headers });
  const body = (await response.json()) as { clientId?: string; error?: { code: number } };
  return { status: response.status, clientId: body.clientId, code: body.error?.code };
}

it("npm run check passes with it", { timeout: CHECK_TIMEOUT_MS }, async () => {
  await checkRecipe(await copyWithSignIn());
});

it("gives the user of a valid token a token for that user, for any clientId in the query", async () => {
  expect(await ask(`Bearer ${await sign({})}`)).toMatchObject({ status: 200, clientId: "ada-1" });
});

it("refuses everyone else with 403", async () => {
  const theirs = await generateKeyPair("RS256");
  const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(provider.keys.publicKey)));
  const unsigned = `${(await sign({})).split(".").slice(0, 2).join(".")}.`;
  const tokens: Record<string, string | undefined> = {
    "no header": undefined,
    "no token": "Bearer ",
    "no JWT": "Bearer ada-1",
    "another's signature": `Bearer ${await sign({}, { key: theirs.privateKey })}`,
    "an unknown key": `Bearer ${await sign({}, { kid: "2" })}`,
    "no signature": `Bearer ${unsigned}`,
    "the public key as a secret": `Bearer ${await sign({}, { key: secret as never, alg: "HS256" })}`,
    "another issuer": `Bearer ${await sign({ iss: "https://evil.example/" })}`,
    "another audience": `Bearer ${await sign({ aud: "another-site" })}`,
    expired: `Bearer ${await sign({ exp: Math.floor(Date.now() / 1_000) - 60 })}`,
    "no user": `Bearer ${await sign({ sub: undefined })}`,
    "a wildcard for a user": `Bearer ${await sign({ sub: "*" })}`,
  };
  for (const [what, authorization] of Object.entries(tokens)) {
    expect(await ask(authorization), what).toMatchObject({ status: 403 });
  }
});

it("lets a page with a valid token in, and no other", async () => {
  const [{ page: ada }, { page: eve }] = [await stage.open(), await stage.open()];
  await ada.goto(`${stage.site.url}/#id_token=${await sign({})}`);
  await ada.getByText("ada-1", { exact: true }).waitFor();
  await eve.goto(stage.site.url);
  await eve.getByText("Sign in. This page sent no valid ID token.").waitFor();
});

it("leaves no Ably token in the tab after a sign-out", async () => {
  const { page } = await stage.open();
  await page.goto(`${stage.site.url}/#id_token=${await sign({ sub: "bob-2" })}`);
  await page.getByText("bob-2").waitFor();
  const readKeys = () => page.evaluate(() => Object.keys(sessionStorage).join());
  expect(await readKeys()).toContain("ably-token/bob-2");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("Signed out").waitFor();
  expect(await readKeys()).not.toContain("ably-token");
});
