/** The recipe for an AI answer: a script answers in development, and a model's stand-in when deployed. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type ServerResponse, createServer } from "node:http";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { copyBareProject } from "../../support/fork.ts";
import { listen } from "../../support/listening.ts";
import { startProduction } from "../../support/production.ts";
import { CHECK_TIMEOUT_MS, checkRecipe, followRecipe } from "../../support/recipe.ts";

/** The page waits 15 s before it says that an answer broke off. */
const SILENCE = { timeout: 30_000 };

async function copyWithRecipe(): Promise<string> {
  const copy = await copyBareProject();
  await followRecipe(copy, "Stream an AI answer into the room");
  return copy;
}

async function ask(page: Page, question: string): Promise<void> {
  await page.fill("input", question);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: question }).waitFor();
}

/** Returns the last answer, which the question above it belongs to. */
const answerOf = (page: Page): Locator => page.locator("main p").last();
const textOf = (page: Page) => answerOf(page).locator("span").innerText();

/** Waits until the page has all of an answer that somebody else may still wait for. */
const finished = (page: Page) => answerOf(page).locator("button").waitFor({ state: "hidden" });

it("npm run check passes with it", { timeout: CHECK_TIMEOUT_MS }, async () => {
  await checkRecipe(await copyWithRecipe());
});

describe("in development, without a model", () => {
  const stage = setStage(async () => startDev({ folder: await copyWithRecipe() }));

  async function open(): Promise<Page> {
    const page = await stage.openPage();
    await page.goto(stage.site.url);
    return page;
  }

  it("grows on every page, and is there once for people who come later or reload", async () => {
    const [ada, bob] = [await open(), await open()];
    await ask(ada, "What is Ably?");
    await answerOf(bob).getByText("You asked: What is Ably?").waitFor();
    const first = await textOf(bob);
    await expect.poll(async () => (await textOf(bob)).length).toBeGreaterThan(first.length);
    const eve = await open();
    await bob.reload();
    for (const page of [ada, bob, eve]) {
      await answerOf(page).getByText("word by word.").waitFor();
      await finished(page);
    }
    const texts = await Promise.all([ada, bob, eve].map(textOf));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]?.match(/You asked/g)).toHaveLength(1);
    expect(await eve.locator("main p").count()).toBe(1);
    const { items } = await stage.stranger().channels.get("room:lobby").history();
    expect(items.filter(({ name }) => name === "answer")).toHaveLength(1);
  });

  it("can be stopped by anyone in the room", async () => {
    const [ada, bob] = [await open(), await open()];
    await ask(ada, "Can I stop you?");
    await answerOf(bob).getByText("Can I stop you?").waitFor();
    await answerOf(bob).getByRole("button", { name: "Stop" }).click();
    for (const page of [ada, bob]) await answerOf(page).getByText("Stopped.").waitFor();
    expect(await textOf(ada)).not.toContain("word by word.");
    const eve = await open();
    await answerOf(eve).getByText("Stopped.").waitFor();
    expect(await textOf(eve)).toBe(await textOf(ada));
  });

  it("shows no answer of a visitor, and refuses other pages and rooms that cannot be", async () => {
    const page = await open();
    const lobby = stage.stranger().channels.get("room:lobby");
    await lobby.publish("answer", "Forged");
    await lobby.publish("chat-message", { text: "After the forgery" });
    await page.getByText("After the forgery").waitFor();
    expect(await page.getByText("Forged").count()).toBe(0);
    const call = async (body: object, headers = {}) => {
      const init = { method: "POST", headers, body: JSON.stringify(body) };
      return (await fetch(`${stage.site.url}/.netlify/functions/ask`, init)).status;
    };
    const question = { room: "lobby", question: "?" };
    expect(await call(question, { "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await call({ ...question, room: "../room" })).toBe(400);
  });
});

describe("deployed, with a model", () => {
  const waiting: ServerResponse[] = [];
  const requests: { authorization: string | undefined; body: Promise<string> }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    const body = once(request, "end").then(() => Buffer.concat(chunks).toString());
    requests.push({ authorization: request.headers.authorization, body });
    waiting.push(response);
  });
  let close = async () => {};
  afterAll(() => close());

  const stage = setStage(async () => {
    const model = await listen(server);
    ({ close } = model);
    const copy = await copyWithRecipe();
    const url = `http://127.0.0.1:${model.port}/v1`;
    const env = `OPENAI_BASE_URL=${url}\nOPENAI_API_KEY=secret\nOPENAI_MODEL=small\n`;
    await writeFile(join(copy, ".env"), env);
    return startProduction(copy);
  });

  async function open(): Promise<Page> {
    const page = await stage.openPage();
    await page.goto(stage.site.url);
    return page;
  }

  async function nextRequest(): Promise<ServerResponse> {
    await expect.poll(() => waiting.length).toBeGreaterThan(0);
    return waiting.shift() as ServerResponse;
  }

  function say(response: ServerResponse, content: string): void {
    response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
  }

  it("streams what the model says, piece by piece", async () => {
    const page = await open();
    await ask(page, "Who are you?");
    const response = await nextRequest();
    const { authorization, body } = requests.at(-1) ?? {};
    expect(authorization).toBe("Bearer secret");
    expect(JSON.parse((await body) ?? "")).toEqual({
      model: "small",
      messages: [{ role: "user", content: "Who are you?" }],
      stream: true,
    });
    say(response, "I am");
    await expect.poll(() => textOf(page)).toBe("I am");
    say(response, " a model.");
    response.end("data: [DONE]\n\n");
    await expect.poll(() => textOf(page)).toBe("I am a model.");
    await finished(page);
    const later = await open();
    await expect.poll(() => textOf(later)).toBe("I am a model.");
  });

  it("says that the model failed, and keeps what it said", async () => {
    const page = await open();
    await ask(page, "Will you fail?");
    const response = await nextRequest();
    say(response, "Perh");
    await expect.poll(() => textOf(page)).toBe("Perh");
    response.destroy();
    await answerOf(page).getByText("The model failed. Ask again.").waitFor();
    expect(await textOf(page)).toBe("Perh");
  });

  it("says that the answer broke off when the function dies, also to people who came later", async () => {
    const page = await open();
    await ask(page, "Will you die?");
    say(await nextRequest(), "I thi");
    await expect.poll(() => textOf(page)).toBe("I thi");
    const later = await open();
    await expect.poll(() => textOf(later)).toBe("I thi");
    await stage.site.stopServing();
    for (const each of [page, later]) {
      await answerOf(each).getByText("The answer broke off. Ask again.").waitFor(SILENCE);
      expect(await textOf(each)).toBe("I thi");
    }
  });
});
