import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { copyProject } from "../../../tests/support/copy.ts";
import { startDev } from "../../support/dev-server.ts";
import { freePort } from "../../../tests/support/program.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { saveFile } from "../../support/files.ts";

it("says that local Ably answers, and how to switch it off", async () => {
  const dev = await startDev();
  const lines = dev.output().split("\n");
  await dev.stop();
  const said = lines.filter((line) => line.includes("Local Ably"));
  expect(said).toHaveLength(1);
  expect(said[0]).toContain("ABLY_API_KEY");
});

it("stops with a clear sentence if another program holds Vite's port", async () => {
  const vitePort = await freePort();
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(vitePort, "127.0.0.1", resolve));
  try {
    const dev = await startDev({ vitePort });
    await dev.ended;
    await expect(fetch(dev.url)).rejects.toThrow("fetch failed");
    await expect(dev.stop()).rejects.toThrow(`Port ${vitePort} is already in use`);
  } finally {
    stranger.close();
  }
});

describe("a fork with a stylesheet that a script imports", () => {
  let folder: string;
  const stage = setStage(async () => {
    folder = await copyProject();
    await writeFile(join(folder, "src/extra.css"), "h1 { letter-spacing: 3px; }\n");
    const main = join(folder, "src/main.ts");
    await writeFile(main, `import "./extra.css";\n${await readFile(main, "utf8")}`);
    return startDev({ folder });
  });

  it("sees it in development, under the policy of production", async () => {
    const { page, complaints } = await stage.arrive();
    const spacing = page.locator("h1").evaluate((h1) => getComputedStyle(h1).letterSpacing);
    expect(await spacing).toBe("3px");
    expect(complaints).toEqual([]);
  });

  it("sees Vite's words over the page when the code is wrong", async () => {
    const { page } = await stage.arrive();
    await saveFile(join(folder, "src/main.ts"), "const = 1;\n");
    const overlay = page.locator("vite-error-overlay");
    await overlay.waitFor({ state: "attached" });
    expect(await overlay.evaluate((host) => getComputedStyle(host).position)).toBe("fixed");
  });
});

describe("with a broken key", () => {
  const stage = setStage(() => startDev({ key: "your-key-here" }));

  it("shows how to set a key in place of a blank page when the key is broken", async () => {
    const { page } = await stage.open();
    await page.goto(stage.site.url);
    const panel = page.locator("[data-problem]");
    await panel.waitFor();
    expect(await panel.getByRole("heading").innerText()).toBe("One step left: your Ably key");
    const detail = await panel.locator("[data-problem-detail]").innerText();
    const answer = await fetch(`${stage.site.url}/.netlify/functions/ably-token-request`);
    const body = (await answer.json()) as { error: { message: string } };
    expect(answer.status).toBe(500);
    expect(body.error.message).toContain(detail);
    expect(await panel.locator("ol").innerText()).toContain("Stop npm run dev with Ctrl+C");
    expect(detail).not.toContain("your-key-here");
    expect(await panel.locator("[data-retry]").isVisible()).toBe(true);
    // With a key, even a broken one, nothing here pretends to be Ably.
    expect(stage.site.output()).not.toContain("Local Ably");
    const time = await fetch(`${stage.site.url}/time`);
    expect(time.headers.get("content-type")).toContain("text/html");
  });
});
