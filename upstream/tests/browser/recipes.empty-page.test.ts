/** The recipe for an empty page, and the recipe that tests it. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { removeCopy } from "../../../tests/support/copy.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { runNpm } from "../../support/check.ts";
import { runIn } from "../../support/files.ts";
import { copyBareProject, readStarter } from "../../support/fork.ts";
import { applyBlock } from "../../support/markdown.ts";
import { CHECK_TIMEOUT_MS, blocksOf } from "../../support/recipe.ts";

/** A function of the app, and a test that calls it. */
const OWN_FUNCTION = {
  "netlify/functions/greet/index.ts": `export default async (request: Request) =>
  new Response(\`\${await request.text()}, \${request.headers.get("x-name")}\`);
`,
  "tests/app/greet.browser.test.ts": `import { expect, it } from "vitest";
import { Stage, prepare } from "../support/stage.ts";

const stage = prepare(new Stage<{ url: string }>());

it("greets", async () => {
  const { request } = await stage.openPage();
  const init = { data: "Hello", headers: { "x-name": "Ada" } };
  const answer = await request.post(\`\${stage.site.url}/.netlify/functions/greet\`, init);
  expect(await answer.text()).toBe("Hello, Ada");
});
`,
};

/** With what is wrong, in words. */
const MAX_CODE_LINES = 24;

const code = await readStarter();

async function copyWithEmptyPage(): Promise<string> {
  const copy = await copyBareProject();
  await writeFile(join(copy, "src/main.ts"), code);
  return copy;
}

const stage = setStage(async () => {
  const copy = await copyWithEmptyPage();
  await runIn(copy, "typescript/bin/tsc");
  return startDev({ folder: copy });
});

it("works as it stands", async () => {
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(MAX_CODE_LINES);
  const [{ page: ada }, { page: bob }] = [await stage.open(), await stage.open()];
  for (const page of [ada, bob]) await page.goto(stage.site.url);
  await expect.poll(() => ada.title()).toBe("2 here");
  await ada.mouse.click(50, 50);
  await bob.getByText('{"text":"hi"}').waitFor();
});

it("has tests that fail without what they promise", { timeout: CHECK_TIMEOUT_MS }, async () => {
  const copy = await copyWithEmptyPage();
  onTestFinished(() => removeCopy(copy));
  for (const block of blocksOf("Test your own code")) await applyBlock(copy, block);
  await mkdir(join(copy, "netlify/functions/greet"));
  for (const [path, text] of Object.entries(OWN_FUNCTION)) await writeFile(join(copy, path), text);
  const test = () => runNpm("test -- tests/app tests/bare", copy, {});
  expect(await test()).toMatch(/Tests +5 passed/);

  const permit = join(copy, "netlify/functions/ably-token-request/permit.ts");
  const rules = await readFile(permit, "utf8");
  await writeFile(join(copy, "src/main.ts"), code.replace('"hi"', '"ho"'));
  await writeFile(permit, rules.replace('channelName("*", deployContext)', '"room:*"'));
  await expect(test()).rejects.toThrow(/Tests +2 failed \| 3 passed/);
});
