/** The recipes for a page: compiled and run in Chromium, each on a page of its own. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import type { Visitor } from "../../../tests/demo/visitor.ts";
import { copyBareProject } from "../../support/fork.ts";
import { type Block, applyBlock } from "../../support/markdown.ts";
import { deliver } from "../../support/webhook.ts";
import {
  CHECK_TIMEOUT_MS,
  blocks,
  blocksOf,
  checkRecipe,
  findBlock,
} from "../../support/recipe.ts";

const MAX_LINES = 50;

const SECTIONS = [
  "Add a message type",
  "Reactions on messages",
  "Edit messages",
  "A live poll",
  "Shared cursors",
  "Several rooms on one page",
  "Switch rooms without a reload",
  "Keep messages for longer",
  "Publish from a server",
  "A signed webhook",
  "A form",
  "A scheduled function",
];

const slugOf = (section: string) => section.toLowerCase().replaceAll(" ", "-");

/** Gives a recipe's main.ts a page of its own, so that one copy can have all recipes. */
async function follow(folder: string, block: Block): Promise<void> {
  const { section, path, code } = block;
  if (path !== "src/main.ts") return applyBlock(folder, block);
  const script = `src/${slugOf(section)}.ts`;
  const page = await readFile(join(folder, "index.html"), "utf8");
  await writeFile(join(folder, script), code);
  await writeFile(join(folder, `${slugOf(section)}.html`), page.replace(path, script));
}

async function copyWithRecipes(): Promise<string> {
  const copy = await copyBareProject();
  await applyBlock(copy, findBlock("Add a message type", "src/main.ts"));
  for (const block of SECTIONS.flatMap(blocksOf)) await follow(copy, block);
  return copy;
}

it.each(blocks)("is short: $section, $path", ({ code }) => {
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(MAX_LINES);
});

it("npm run check passes with all of them", { timeout: CHECK_TIMEOUT_MS }, async () => {
  await checkRecipe(await copyWithRecipes());
});

describe("each recipe", () => {
  const stage = setStage(async () => startDev({ folder: await copyWithRecipes() }));

  /** Opens the page of a recipe for several people. */
  function open(count: number, section: string): Promise<Visitor["page"][]> {
    const url = `${stage.site.url}/${slugOf(section)}.html`;
    return Promise.all(
      Array.from({ length: count }, async () => {
        const { page } = await stage.open();
        await page.goto(url);
        return page;
      }),
    );
  }

  /** Moves the pointer to a place on both axes, and waits for the recipe's timer. */
  async function point(page: Visitor["page"] | undefined, share: number): Promise<void> {
    const { width = 0, height = 0 } = page?.viewportSize() ?? {};
    await page?.mouse.move(0, 0);
    await page?.mouse.move(width * share, height * share);
    await page?.evaluate(() => new Promise((resolve) => setTimeout(resolve, 250)));
  }

  /** Moves the pointer again and again: while the room is not open, the recipe drops it. */
  async function pointUntil(
    page: Visitor["page"] | undefined,
    share: number,
    isSeen: () => boolean | Promise<boolean>,
  ): Promise<void> {
    const attempt = async () => {
      await point(page, share);
      return Promise.resolve(isSeen()).catch(() => false);
    };
    await expect.poll(attempt).toBe(true);
  }
  const room = (name: string) => stage.stranger().channels.get(`room:${name}`);

  it("Add a message type: shows it to everyone, and ignores data that does not match", async () => {
    const [ada, bob] = await open(2, "Add a message type");
    await ada?.click("button");
    await bob?.getByText("👏").waitFor();
    await room("lobby").publish("reaction", { emoji: ["<b>"] });
    await room("lobby").publish("reaction", { emoji: "<i>" });
    await expect.poll(() => bob?.locator("p").innerText()).toBe("👏<i>");
  });

  /** Types a message and sends it. */
  async function send(page: Visitor["page"] | undefined, text: string): Promise<void> {
    await page?.fill("input", text);
    await page?.keyboard.press("Enter");
  }

  it("Reactions on messages: counts each person once, also for people who come later", async () => {
    const [ada, bob] = await open(2, "Reactions on messages");
    await send(ada, "Lunch?");
    await bob?.getByRole("button", { name: "👍 0" }).click();
    await ada?.getByRole("button", { name: "👍 1" }).click();
    await bob?.getByRole("button", { name: "👍 2" }).click();
    await bob?.getByRole("button", { name: "👍 1" }).waitFor();
    const likes = [
      { to: "nobody nothing", isOn: true },
      { to: 1, isOn: true },
      { to: "x", isOn: "yes" },
    ];
    for (const like of likes) await room("likes").publish("like", like);
    const [eve] = await open(1, "Reactions on messages");
    for (const page of [ada, bob, eve]) {
      await expect.poll(() => page?.locator("p").allInnerTexts()).toEqual(["Lunch? 👍 1"]);
    }
  });

  it("Edit messages: shows the last text, also to people who come later", async () => {
    const [ada, bob] = await open(2, "Edit messages");
    await send(ada, "Helo");
    await bob?.getByText("Helo").waitFor();
    await ada?.fill("input", "Hello");
    await ada?.getByRole("button", { name: "Replace" }).click();
    await bob?.getByText("Hello", { exact: true }).waitFor();
    expect(await bob?.getByRole("button").count()).toBe(0);
    const { items } = await room("edits").history({ limit: 1 });
    const edit = items[0]?.data as object;
    await room("edits").publish("edit", { ...edit, text: "Not mine" });
    await send(ada, "Bye");
    const [eve] = await open(1, "Edit messages");
    for (const page of [bob, eve]) {
      await expect.poll(() => page?.locator("p").allInnerTexts()).toEqual(["Hello", "Bye"]);
    }
    await ada?.fill("input", "");
    await ada?.getByRole("button", { name: "Replace" }).last().click();
    await eve?.getByText("(deleted)").waitFor();
  });

  it("A live poll: counts a vote for each person, also for people who come later", async () => {
    const [ada, bob] = await open(2, "A live poll");
    await ada?.getByText("Sushi: 0").click();
    await bob?.getByText("Sushi: 1").waitFor();
    await bob?.getByText("Pizza: 0").click();
    await ada?.getByText("Pizza: 0").waitFor({ state: "detached" });
    await ada?.getByText("Falafel: 0").click();
    const [eve] = await open(1, "A live poll");
    const counts = ["Pizza: 1", "Sushi: 0", "Falafel: 1"];
    for (const page of [ada, bob, eve]) {
      await expect.poll(() => page?.locator("button").allInnerTexts()).toEqual(counts);
    }
  });

  it("Shared cursors: follow a pointer, and are not stored", async () => {
    const [ada, bob] = await open(2, "Shared cursors");
    const seen = bob?.locator("span");
    await pointUntil(ada, 0.25, async () =>
      /left: 25%; top: 25%/.test((await seen?.getAttribute("style", { timeout: 500 })) ?? ""),
    );
    expect((await room("cursors").history()).items).toEqual([]);
    await ada?.close({ runBeforeUnload: true });
    await seen?.waitFor({ state: "detached" });
  });

  it("Shared cursors: drop positions while there is no connection", async () => {
    const [ada] = await open(1, "Shared cursors");
    const watcher = stage.watcher();
    const seen: unknown[] = [];
    await watcher.channels.get("room:cursors").subscribe(({ data }) => seen.push(data.x));
    await pointUntil(ada, 0.25, () => seen.includes(0.25));
    await ada?.context().setOffline(true);
    await point(ada, 0.5);
    await ada?.context().setOffline(false);
    await pointUntil(ada, 0.75, () => seen.includes(0.75));
    expect(seen).not.toContain(0.5);
    watcher.close();
  });

  describe("Publish from a server", () => {
    const call = (name: string, init?: RequestInit) =>
      fetch(`${stage.site.url}/.netlify/functions/${name}`, init);

    const deliverHere = (...what: [delivery: string, login: string, signWith?: string]) =>
      deliver(stage.site.url, ...what);

    it("shows a signed webhook once, however often it is delivered, and no other", async () => {
      const [page] = await open(1, "Publish from a server");
      expect((await deliverHere("1", "ada")).status).toBe(200);
      expect((await deliverHere("1", "ada")).status).toBe(200);
      expect((await deliverHere("2", "eve", "another secret")).status).toBe(401);
      expect((await call("webhook", { method: "POST", body: "{}" })).status).toBe(401);
      expect((await deliverHere("3", "bob")).status).toBe(200);
      const lines = page?.locator("p");
      const texts = ["ada", "bob"].map((login) => `server:github: push by ${login}`);
      await expect.poll(() => lines?.allInnerTexts()).toEqual(texts);
    });

    it("shows what a form sends, as text", async () => {
      const [page, sender] = await open(2, "Publish from a server");
      await sender?.goto(`${stage.site.url}/contact.html`);
      await sender?.getByLabel("Message").fill("Hello <b>");
      await sender?.getByRole("button").click();
      await sender?.getByText("Thank you.").waitFor();
      await page?.getByText("server:form: Hello <b>").waitFor();
      const crossSite = { "sec-fetch-site": "cross-site" };
      const refused = await call("contact", { method: "POST", headers: crossSite });
      expect(refused.status).toBe(403);
    });

    it("shows what a scheduled function sends, once if it runs twice", async () => {
      const [page] = await open(1, "Publish from a server");
      const before = new Date().getUTCHours();
      for (let i = 0; i < 2; i++) expect((await call("hourly")).ok).toBe(true);
      expect((await deliverHere(crypto.randomUUID(), "zoe")).status).toBe(200);
      await page?.getByText("push by zoe").last().waitFor();
      const runs = await page?.getByText(/^server:clock: It is \S+ h\.$/).count();
      const isSameHour = before === new Date().getUTCHours();
      expect(runs).toBeLessThanOrEqual(isSameHour ? 1 : 2);
      expect(runs).toBeGreaterThan(0);
    });

    it("shows nothing of a visitor who pretends to be the server", async () => {
      const [page] = await open(1, "Publish from a server");
      await room("lobby").publish("news", { text: "Forged" });
      for (const clientId of ["server", "server:github"]) {
        const asked = await call(`ably-token-request?clientId=${clientId}`);
        expect(asked.status).toBe(403);
      }
      const claimed = { name: "news", data: { text: "Forged" }, clientId: "server:github" };
      await expect(room("lobby").publish(claimed)).rejects.toMatchObject({ code: 40012 });
      expect((await deliverHere(crypto.randomUUID(), "kim")).status).toBe(200);
      await page?.getByText("push by kim").last().waitFor();
      expect(await page?.getByText("Forged").count()).toBe(0);
    });
  });

  it("Switch rooms without a reload: shows the last room, and keeps what is unsent", async () => {
    const [ada, bob] = await open(2, "Switch rooms without a reload");
    await bob?.getByRole("button", { name: "cellar" }).click();
    await send(bob, "Roses");
    await bob?.getByText("Roses").waitFor();
    for (const name of ["cellar", "attic", "cellar", "attic", "cellar"]) {
      await ada?.getByRole("button", { name }).click();
    }
    await ada?.getByText("cellar (2)").waitFor();
    await expect.poll(() => ada?.locator("p").allInnerTexts()).toEqual(["Roses"]);
    await send(ada, "Tulips");
    await ada?.getByRole("button", { name: "attic" }).click();
    await bob?.getByText("Tulips").waitFor();
    await ada?.getByText("attic (1)").waitFor();
    expect(await ada?.locator("p").count()).toBe(0);
    await ada?.goBack();
    await ada?.getByText("cellar (2)").waitFor();
    await expect.poll(() => ada?.locator("p").allInnerTexts()).toEqual(["Roses", "Tulips"]);
  });

  it("Several rooms on one page: keeps them apart, over one connection", async () => {
    const [ada, bob] = await open(2, "Several rooms on one page");
    for (const page of [ada, bob]) await page?.getByText("garden (2)").waitFor();
    await ada?.getByLabel("Message to the kitchen").fill("Dinner is ready");
    await ada?.keyboard.press("Enter");
    const [kitchen, garden] = ["kitchen", "garden"].map((name) =>
      bob?.locator("section", { hasText: name }).locator("p"),
    );
    await kitchen?.getByText(/: Dinner is ready$/).waitFor();
    expect(await garden?.count()).toBe(0);
    const counts = await bob?.evaluate(async () => {
      const answer = await fetch("/local-ably/faults/counts", { method: "POST" });
      return (await answer.json()) as { open: number };
    });
    expect(counts?.open).toBe(2);
  });

  it("Keep messages for longer: shows the last 100, and older ones on request", async () => {
    const texts = Array.from({ length: 120 }, (_, i) => `message ${i}`);
    const before = (await room("lobby").history()).items.length;
    for (let i = 0; i < 120; i += 20) {
      const batch = texts
        .slice(i, i + 20)
        .map((text) => ({ name: "chat-message", data: { text } }));
      await room("lobby").publish(batch);
    }
    const [page] = await open(1, "Keep messages for longer");
    const lines = page?.locator("p");
    await expect.poll(() => lines?.count()).toBe(100);
    expect(await lines?.first().innerText()).toBe("stranger: message 20");
    const older = page?.getByText("Show older");
    await older?.click();
    await expect.poll(() => lines?.count()).toBe(before + 120);
    const shown = await lines?.allInnerTexts();
    expect(shown?.slice(before)).toEqual(texts.map((text) => `stranger: ${text}`));
    await older?.click();
    await expect.poll(() => older?.isDisabled()).toBe(true);
  });
});
