/** The recipe for private rooms: in development, and deployed with a key that cannot revoke tokens. */
import Ably from "ably";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { copyBareProject } from "../../support/fork.ts";
import { startProduction } from "../../support/production.ts";
import { type Provider, startProvider } from "../../support/provider.ts";
import { CHECK_TIMEOUT_MS, checkRecipe, followRecipe } from "../../support/recipe.ts";

const NOT_INVITED = "You are not invited to this room.";

const provider: Provider = await startProvider();
afterAll(() => provider.close());

async function copyWithRecipe(): Promise<string> {
  const copy = await copyBareProject();
  for (const section of ["Sign in", "Private rooms"]) await followRecipe(copy, section);
  await provider.configure(copy);
  return copy;
}

type Site = { url: string };

const tokenFor = (sub: string) => provider.sign({ sub });

/** Calls the function as a person. */
async function ask({ url }: Site, sub: string, body: object) {
  const headers = { authorization: `Bearer ${await tokenFor(sub)}` };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  const response = await fetch(`${url}/.netlify/functions/members`, init);
  const answer = (await response.json()) as { room?: string; isRevoked?: boolean };
  return { status: response.status, ...answer };
}

async function createRoom(site: Site, sub: string): Promise<string> {
  const { room } = await ask(site, sub, {});
  if (!room) throw new Error("The function created no room.");
  return room;
}

type Visit = { page: Page; frames: string[]; url: string };

/** What the page receives is kept, to look for what it must not receive. */
async function visit(page: Page, site: Site, sub: string, room: string): Promise<Visit> {
  const frames: string[] = [];
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => frames.push(String(payload))),
  );
  const url = `${site.url}/?room=${room}#id_token=${await tokenFor(sub)}`;
  await page.goto(url);
  return { page, frames, url };
}

async function submit(page: Page, label: string, text: string): Promise<void> {
  await page.getByLabel(label).fill(text);
  await page.getByRole("button", { name: label }).click();
}

it("npm run check passes with it", { timeout: CHECK_TIMEOUT_MS }, async () => {
  await checkRecipe(await copyWithRecipe());
});

describe("in development", () => {
  const stage = setStage(async () => startDev({ folder: await copyWithRecipe() }));
  const open = async (sub: string, room: string) =>
    visit(await stage.openPage(), stage.site, sub, room);

  async function clientOf(sub: string): Promise<Ably.Realtime> {
    return new Ably.Realtime({
      authUrl: `${stage.site.url}/.netlify/functions/ably-token-request`,
      authHeaders: { authorization: `Bearer ${await tokenFor(sub)}` },
      endpoint: "localhost",
      port: Number(new URL(stage.site.url).port),
      tls: false,
      logLevel: 0,
    });
  }

  it("gives a person who is not invited words, and not one byte of the room", async () => {
    const room = await createRoom(stage.site, "ada");
    const [ada, bob] = [await open("ada", room), await open("bob", room)];
    await bob.page.getByText(NOT_INVITED).waitFor();
    await submit(ada.page, "Send", "A secret");
    await ada.page.getByText("ada: A secret").waitFor();
    expect(bob.frames.length).toBeGreaterThan(0);
    expect(bob.frames.join()).not.toContain("secret");
    // Bob's own token, without the page. His own room works.
    const client = await clientOf("bob");
    const refused = { code: 40160 };
    const channel = client.channels.get(`room:${room}`);
    await expect(channel.publish("chat-message", { text: "Hi" })).rejects.toMatchObject(refused);
    await expect(channel.history()).rejects.toMatchObject(refused);
    await expect(channel.presence.history()).rejects.toMatchObject(refused);
    await expect(channel.presence.get()).rejects.toMatchObject(refused);
    await expect(channel.attach()).rejects.toMatchObject(refused);
    for (const name of ["room:*", "room:inbox-ada"]) {
      await expect(client.channels.get(name).attach()).rejects.toMatchObject(refused);
    }
    client.close();
    expect(await ada.page.locator("main p").allInnerTexts()).toEqual(["ada: A secret"]);
  });

  it("lets only members change who is in a room, and only signed-in people create one", async () => {
    const room = await createRoom(stage.site, "ada");
    expect(await ask(stage.site, "bob", { room, invite: "bob" })).toMatchObject({ status: 403 });
    expect(await ask(stage.site, "bob", { room, remove: "ada" })).toMatchObject({ status: 403 });
    expect(await ask(stage.site, "ada", { room, invite: "*" })).toMatchObject({ status: 403 });
    expect(await ask(stage.site, "ada", { room: "*", invite: "ada" })).toMatchObject({
      status: 403,
    });
    const url = `${stage.site.url}/.netlify/functions/members`;
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(403);
  });

  it("lets somebody in who is invited while both are there", async () => {
    const room = await createRoom(stage.site, "ada");
    const [ada, bob] = [await open("ada", room), await open("bob", room)];
    await bob.page.getByText(NOT_INVITED).waitFor();
    await submit(ada.page, "Send", "Before");
    await submit(ada.page, "Invite", "bob");
    await bob.page.getByText("ada: Before").waitFor();
    for (const { page } of [ada, bob]) {
      await expect.poll(() => page.getByText(/^(ada, bob|bob, ada)$/).count()).toBe(1);
    }
    expect(await bob.page.getByText(NOT_INVITED).count()).toBe(0);
    await submit(bob.page, "Send", "Thanks");
    await ada.page.getByText("bob: Thanks").waitFor();
  });

  it("replaces a stored token that is older than the invitation", async () => {
    const room = await createRoom(stage.site, "ada");
    const bob = await open("bob", room);
    await bob.page.getByText(NOT_INVITED).waitFor();
    await bob.page.goto(`${stage.site.url}/contact`);
    await ask(stage.site, "ada", { room, invite: "bob" });
    await bob.page.goto(bob.url);
    await bob.page.getByText("bob", { exact: true }).waitFor();
  });

  it("ends the access of somebody who is removed while they are there", async () => {
    const room = await createRoom(stage.site, "ada");
    await ask(stage.site, "ada", { room, invite: "bob" });
    const [ada, bob] = [await open("ada", room), await open("bob", room)];
    await submit(ada.page, "Send", "Before");
    await bob.page.getByText("ada: Before").waitFor();
    const stolen = await bob.page.evaluate(
      () => JSON.parse(sessionStorage.getItem("ably-token/bob") ?? "{}").token as string,
    );
    const readWith = (token: string) => {
      const authorization = `Bearer ${btoa(token)}`;
      const path = `channels/${encodeURIComponent(`room:${room}`)}/messages`;
      return fetch(`${stage.site.url}/${path}`, { headers: { authorization } });
    };
    expect((await readWith(stolen)).status).toBe(200);
    await submit(ada.page, "Remove", "bob");
    await bob.page.getByText(NOT_INVITED).waitFor();
    expect(await bob.page.getByText("Before").count()).toBe(0);
    expect((await readWith(stolen)).headers.get("x-ably-errorcode")).toBe("40141");
    await expect.poll(() => ada.page.getByText("ada", { exact: true }).count()).toBe(1);
    await submit(ada.page, "Send", "Afterwards");
    await ada.page.getByText("ada: Afterwards").waitFor();
    await bob.page.reload();
    await bob.page.getByText(NOT_INVITED).waitFor();
    expect(bob.frames.join()).not.toContain("Afterwards");
  });
});

describe("deployed, with a key that cannot revoke tokens", () => {
  const stage = setStage(async () => startProduction(await copyWithRecipe()));
  const open = async (sub: string, room: string) =>
    visit(await stage.openPage(), stage.site, sub, room);

  it("invites, and says that a removed person can read until their token ends", async () => {
    const room = await createRoom(stage.site, "ada");
    const [ada, bob] = [await open("ada", room), await open("bob", room)];
    await bob.page.getByText(NOT_INVITED).waitFor();
    await submit(ada.page, "Invite", "bob");
    await bob.page.getByText(/^(ada, bob|bob, ada)$/).waitFor();
    await submit(bob.page, "Send", "Thanks");
    await ada.page.getByText("bob: Thanks").waitFor();
    await submit(ada.page, "Remove", "bob");
    await ada.page.getByText("this person can still read and write").waitFor();
    const removal = await ask(stage.site, "ada", { room, remove: "bob" });
    expect(removal).toMatchObject({ status: 200, isRevoked: false });
    await submit(bob.page, "Send", "Still here");
    await ada.page.getByText("bob: Still here").waitFor();
    const later = await open("bob", room);
    await later.page.getByText(NOT_INVITED).waitFor();
  });
});
