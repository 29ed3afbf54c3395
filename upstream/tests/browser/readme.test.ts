import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { runIn } from "../../support/files.ts";
import { copyBareProject, readStarter } from "../../support/fork.ts";

/** With what is wrong, in words. */
const MAX_CODE_LINES = 24;

const code = await readStarter();

const stage = setStage(async () => {
  const copy = await copyBareProject();
  await writeFile(join(copy, "src/main.ts"), code);
  await runIn(copy, "typescript/bin/tsc");
  return startDev({ folder: copy });
});

it("has code for a page of your own that works as it stands", async () => {
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(MAX_CODE_LINES);
  const [{ page: ada }, { page: bob }] = [await stage.open(), await stage.open()];
  for (const page of [ada, bob]) await page.goto(stage.site.url);
  await expect.poll(() => ada.title()).toBe("2 here");
  await ada.mouse.click(50, 50);
  await bob.getByText('{"text":"hi"}').waitFor();
});
