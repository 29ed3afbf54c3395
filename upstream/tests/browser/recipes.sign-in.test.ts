/** The recipe for a sign-in, with a provider that signs real ID tokens. */
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { copyBareProject } from "../../support/fork.ts";
import { type Provider, startProvider } from "../../support/provider.ts";
import { CHECK_TIMEOUT_MS, checkRecipe, followRecipe } from "../../support/recipe.ts";

let provider: Provider;

beforeAll(async () => {
  provider = await startProvider();
});
afterAll(() => provider?.close());

async function copyWith(...sections: string[]): Promise<string> {
  const copy = await copyBareProject();
  for (const section of sections) await followRecipe(copy, section);
  return copy;
}

async function startWith(...sections: string[]) {
  const folder = await copyWith(...sections);
  await provider.configure(folder);
  return startDev({ folder });
}

const stage = setStage(() => startWith("Sign in"));

const sign: Provider["sign"] = (...args) => provider.sign(...args);

async function ask(authorization?: string, clientId = "eve", { site } = stage) {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const url = `${site.url}/.netlify/functions/ably-token-request?clientId=${clientId}`;
  const response = await fetch(url, { headers });
  const body = (await response.json()) as Answer;
  return { status: response.status, ...body };
}

type Answer = { clientId?: string; capability?: string; error?: { code: number } };

it("npm run check passes with it", { timeout: CHECK_TIMEOUT_MS }, async () => {
  await checkRecipe(await copyWith("Sign in"));
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

describe("with guests who read", () => {
  const sections = ["Sign in", "Let guests read"];
  const withGuests = setStage(() => startWith(...sections));
  const guest = "guest-0123456789ab";

  it("npm run check passes with it", { timeout: CHECK_TIMEOUT_MS }, async () => {
    await checkRecipe(await copyWith(...sections));
  });

  it("gives a guest a token to read with, and a user one to write with, too", async () => {
    const read = { "room:*": ["history", "subscribe"] };
    const reading = await ask(undefined, guest, withGuests);
    expect(reading).toMatchObject({ status: 200, clientId: guest });
    expect(JSON.parse(reading.capability ?? "")).toEqual(read);
    const writing = await ask(`Bearer ${await sign({})}`, guest, withGuests);
    expect(writing).toMatchObject({ status: 200, clientId: "ada-1" });
    const write = { "room:*": ["history", "presence", "publish", "subscribe"] };
    expect(JSON.parse(writing.capability ?? "")).toEqual(write);
  });

  it("gives a guest no token for a user, and none for an ID token that is not valid", async () => {
    expect(await ask(undefined, "ada-1", withGuests)).toMatchObject({ status: 403 });
    expect(await ask("Bearer ada-1", guest, withGuests)).toMatchObject({ status: 403 });
  });

  it("shows a guest who is there, and nobody the guest", async () => {
    const [{ page: reader }, { page: ada }] = [await withGuests.open(), await withGuests.open()];
    await reader.goto(withGuests.site.url);
    await ada.goto(`${withGuests.site.url}/#id_token=${await sign({})}`);
    await reader.getByText("ada-1", { exact: true }).waitFor();
    await ada.getByText("ada-1", { exact: true }).waitFor();
  });
});
