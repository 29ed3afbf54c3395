/** The recipes for React, Svelte and Vue: in development, and built with the policy of netlify.toml. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { saveFile } from "../../support/files.ts";
import { copyBareProject } from "../../support/fork.ts";
import { applyBlock } from "../../support/markdown.ts";
import { startProduction } from "../../support/production.ts";
import { CHECK_TIMEOUT_MS, checkRecipe, findBlock, followRecipe } from "../../support/recipe.ts";

const FRAMEWORKS = [
  { name: "React", component: "src/App.tsx" },
  { name: "Svelte", component: "src/App.svelte" },
  { name: "Vue", component: "src/App.vue" },
];

async function copyWith(framework: string): Promise<string> {
  const copy = await copyBareProject();
  await followRecipe(copy, framework);
  await applyBlock(copy, findBlock("React", "src/connection.ts"));
  return copy;
}

async function send(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message").fill(text);
  await page.keyboard.press("Enter");
}

const textsOf = (page: Page) => page.locator("li").allInnerTexts();
const titleOf = (page: Page) => page.locator("h1").innerText();

async function countConnections(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const answer = await fetch("/local-ably/faults/counts", { method: "POST" });
    return ((await answer.json()) as { open: number }).open;
  });
}

describe.each(FRAMEWORKS)("$name", ({ name, component }) => {
  it("npm run check passes with it", { timeout: CHECK_TIMEOUT_MS }, async () => {
    await checkRecipe(await copyWith(name));
  });

  describe("in development", () => {
    let folder = "";
    const stage = setStage(async () => {
      folder = await copyWith(name);
      return startDev({ folder });
    });

    async function open(): Promise<Page> {
      const { page } = await stage.open();
      await page.goto(stage.site.url);
      await page.getByText(/lobby: [1-9]/).waitFor();
      return page;
    }

    it("lets two pages talk, and shows each message once", async () => {
      const [ada, bob] = [await open(), await open()];
      await ada.getByText("lobby: 2 here").waitFor();
      await send(ada, "Hello");
      await send(bob, "Hi");
      for (const page of [ada, bob]) {
        await expect.poll(() => textsOf(page)).toEqual(["Hello", "Hi"]);
      }
      const eve = await open();
      await expect.poll(() => textsOf(eve)).toEqual(["Hello", "Hi"]);
    });

    it("says in words that the function failed, and recovers by itself", async () => {
      const { page } = await stage.open();
      const error = { code: 40106, statusCode: 500, message: "This site has no ABLY_API_KEY yet." };
      const answer = { status: 500, json: { error }, headers: { "x-ably-errorcode": "40106" } };
      await page.route("**/ably-token-request*", (route) => route.fulfill(answer));
      await page.goto(stage.site.url);
      await expect.poll(() => titleOf(page)).toBe("One step left: your Ably key");
      await page.getByText("This site has no ABLY_API_KEY yet.").waitFor();
      await page.unroute("**/ably-token-request*");
      await page.evaluate(() => dispatchEvent(new Event("online")));
      await expect.poll(() => titleOf(page)).toBe("lobby: 1 here");
    });

    it("shows the members without being one, if it only watches", async () => {
      const ada = await open();
      const file = join(folder, component);
      const before = await readFile(file, "utf8");
      const watching = before.replace(/useRoom\((\(\) => )?name\)/, (call) =>
        call.replace(/\)$/, ', "watch")'),
      );
      expect(watching).not.toBe(before);
      await saveFile(file, watching);
      await expect.poll(() => titleOf(ada)).toBe("lobby: 0 here");
      const watcher = stage.watcher();
      await watcher.channels.get("room:lobby").presence.enter({ name: "Bob" });
      await expect.poll(() => titleOf(ada)).toBe("lobby: 1 here");
      watcher.close();
      await saveFile(file, before);
      await expect.poll(() => titleOf(ada)).toBe("lobby: 1 here");
    });

    it("shows the last room after fast switching", async () => {
      const [ada, bob] = [await open(), await open()];
      await bob.getByRole("button", { name: "Garden" }).click();
      await send(bob, "Roses");
      await bob.getByText("Roses").waitFor();
      for (const room of ["Garden", "Lobby", "Garden", "Lobby", "Garden"]) {
        await ada.getByRole("button", { name: room }).click();
      }
      await expect.poll(() => titleOf(ada)).toBe("garden: 2 here");
      await expect.poll(() => textsOf(ada)).toEqual(["Roses"]);
      expect(await countConnections(ada)).toBe(2);
    });

    it("keeps one connection over hot reloads", async () => {
      const page = await open();
      const edit = async (path: string, from: RegExp, to: string) => {
        const file = join(folder, path);
        await saveFile(file, (await readFile(file, "utf8")).replace(from, to));
      };
      await edit(component, /here(?=`)/, "present");
      await expect.poll(() => titleOf(page)).toBe("lobby: 1 present");
      const isLoaded = page.waitForEvent("load");
      await edit("src/connection.ts", /^export const me/m, "// An edit.\nexport const me");
      await isLoaded;
      await expect.poll(() => titleOf(page)).toBe("lobby: 1 present");
      await send(page, "After the reload");
      await page.getByText("After the reload").waitFor();
      await expect.poll(() => countConnections(page)).toBe(1);
    });
  });

  describe("built", () => {
    const stage = setStage(async () => startProduction(await copyWith(name)));

    it("lets two pages talk, and the policy blocks nothing", async () => {
      const [ada, bob] = [await stage.open(), await stage.open()];
      for (const { page } of [ada, bob]) await page.goto(stage.site.url);
      await ada.page.getByText("lobby: 2 here").waitFor();
      await send(ada.page, "Hello");
      await bob.page.getByText("Hello").waitFor();
      expect([...ada.complaints, ...bob.complaints]).toEqual([]);
    });
  });
});
