import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyProject, deleteLocalAbly } from "../support/copy.ts";
import { freePort } from "../support/program.ts";
import { startDev } from "../support/dev-server.ts";
import type { Site } from "../support/site.ts";
import { setStage } from "../support/stage.ts";

describe("npm run dev with no key", () => {
  let dev: Site;
  beforeAll(async () => {
    dev = await startDev();
  });
  afterAll(() => dev?.stop());

  const ask = (query: string, init?: RequestInit) =>
    fetch(`${dev.url}/.netlify/functions/ably-token-request${query}`, init);

  it("says that local Ably answers, and how to switch it off", () => {
    const lines = dev.output().split("\n");
    const said = lines.filter((line) => line.includes("Local Ably"));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("ABLY_API_KEY");
  });

  it("signs a token request that local Ably takes, once", async () => {
    const response = await ask('?clientId=ada&capability={"*":["*"]}&ttl=999999999');
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toContain("no-store");
    const tokenRequest = (await response.json()) as { keyName: string };
    const exchange = () =>
      fetch(`${dev.url}/keys/${tokenRequest.keyName}/requestToken`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(tokenRequest),
      });
    const token = (await (await exchange()).json()) as Record<string, unknown>;
    expect(token.clientId).toBe("ada");
    expect(token.capability).toBe('{"room:*":["history","presence","publish","subscribe"]}');
    expect(Number(token.expires) - Number(token.issued)).toBe(60 * 60 * 1000);
    const again = await exchange();
    expect(again.status).toBe(401);
    expect(again.headers.get("x-ably-errorcode")).toBe("40105");
  });

  it.each([
    ["?clientId=*", {}, 403, "40012"],
    ["?clientId=", {}, 403, "40012"],
    ["?clientId=a%00b", {}, 403, "40012"],
    ["?clientId=ada", { method: "POST" }, 405, "40500"],
    ["?clientId=ada", { headers: { "sec-fetch-site": "cross-site" } }, 403, "40300"],
  ])("answers %s %j with %i in Ably's shape", async (query, init, status, code) => {
    const response = await ask(query, init);
    expect(response.status).toBe(status);
    expect(response.headers.get("x-ably-errorcode")).toBe(code);
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ code: Number(code), statusCode: status });
  });

  it("answers OPTIONS and HEAD as HTTP asks", async () => {
    expect((await ask("", { method: "OPTIONS" })).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    const head = await ask("?clientId=ada", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("names a visitor without a clientId NO_CLIENT_ID", async () => {
    expect(await (await ask("")).json()).toMatchObject({ clientId: "NO_CLIENT_ID" });
  });
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

it("asks for a key where there is neither that nor local-ably/", async () => {
  const folder = await copyProject();
  await deleteLocalAbly(folder);
  const dev = await startDev({ folder });
  const answer = await fetch(`${dev.url}/.netlify/functions/ably-token-request`);
  expect(await answer.json()).toMatchObject({ error: { code: 40106 } });
  await dev.stop();
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
    await writeFile(join(folder, "src/main.ts"), "const = 1;\n");
    const overlay = page.locator("vite-error-overlay");
    await overlay.waitFor({ state: "attached" });
    expect(await overlay.evaluate((host) => getComputedStyle(host).position)).toBe("fixed");
  });
});
