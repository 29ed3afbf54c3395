import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT, copyBareProject, runIn } from "../project/copy.ts";
import { launchChromium } from "./chromium.ts";
import { startDev } from "./dev-server.ts";

it("gives the lines that replace the demo, and they work as they stand", async () => {
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const [, code = ""] = /```ts\n\/\/ src\/main\.ts\n([^]*?)```/.exec(readme) ?? [];
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(15);

  const copy = await copyBareProject();
  await writeFile(join(copy, "src/main.ts"), code);
  await runIn(copy, "typescript/bin/tsc");

  const [dev, browser] = await Promise.all([startDev({ folder: copy }), launchChromium()]);
  try {
    const [ada, bob] = await Promise.all([browser.newPage(), browser.newPage()]);
    for (const page of [ada, bob]) await page.goto(dev.url);
    await expect.poll(() => ada.title()).toBe("2 here");
    await ada.mouse.click(50, 50);
    await bob.getByText('{"text":"hi"}').waitFor();
  } finally {
    await browser.close();
    await dev.stop();
  }
});
