import { cp, mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT, linkPackages } from "../../../tests/support/copy.ts";
import { listFiles, runIn } from "../../support/files.ts";
import { copyBareProject } from "../../support/fork.ts";
import { type Listening, listen } from "../../support/listening.ts";
import { type Block, applyDiff, readBlocks } from "../../support/markdown.ts";
import { startDev } from "../../../tests/support/dev-server.ts";
import { setStage } from "../../../tests/support/stage.ts";
import type { Visitor } from "../../../tests/support/visitor.ts";

const blocks = await readBlocks("docs/recipes.md");
const ELSEWHERE = "Add Ably to your Netlify site";
const SIGN_IN = "Sign in";
const here = blocks.filter(({ section }) => section !== ELSEWHERE && section !== SIGN_IN);
const signIn = blocks.filter(({ section }) => section === SIGN_IN);
const elsewhere = blocks.filter(({ section }) => section === ELSEWHERE);

const COPIED = ["netlify/functions/ably-token-request", "src/realtime", "local-ably"];

const slugOf = (section: string) => section.toLowerCase().replaceAll(" ", "-");

async function write(folder: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

/** Does what a block says. A recipe's main.ts becomes a page of its own, so that all can be there at once. */
async function follow(folder: string, block: Block): Promise<void> {
  const { section, language, path, code } = block;
  if (language === "diff") {
    await write(folder, path, applyDiff(await readFile(join(folder, path), "utf8"), block));
  } else if (path === "src/main.ts") {
    const script = `src/${slugOf(section)}.ts`;
    const page = await readFile(join(folder, "index.html"), "utf8");
    await write(folder, script, code);
    await write(folder, `${slugOf(section)}.html`, page.replace(path, script));
  } else {
    await write(folder, path, code);
  }
}

it.each(blocks)("is short: $section, $path", ({ code }) => {
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(40);
});

describe("each recipe", () => {
  const stage = setStage(async () => {
    const copy = await copyBareProject();
    await write(copy, "src/main.ts", "");
    for (const block of here) await follow(copy, block);
    await runIn(copy, "typescript/bin/tsc");
    return startDev({ folder: copy });
  });

  /** So many people, each with a page of their own of that recipe. */
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

  /** Moves the pointer to a place on both axes, and lets the recipe's timer run out. */
  async function point(page: Visitor["page"] | undefined, share: number): Promise<void> {
    const { width = 0, height = 0 } = page?.viewportSize() ?? {};
    await page?.mouse.move(0, 0);
    await page?.mouse.move(width * share, height * share);
    await page?.evaluate(() => new Promise((resolve) => setTimeout(resolve, 250)));
  }
  /** Again and again: while the room is not open, the recipe drops it. */
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

  it("Add a message type: shows it to everyone, and nothing that does not fit", async () => {
    const [ada, bob] = await open(2, "Add a message type");
    await ada?.click("button");
    await bob?.getByText("👏").waitFor();
    await room("lobby").publish("reaction", { emoji: ["<b>"] });
    await room("lobby").publish("reaction", { emoji: "<i>" });
    await expect.poll(() => bob?.locator("p").innerText()).toBe("👏<i>");
  });

  it("A live poll: counts a vote for each person, for those who come late too", async () => {
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

  it("Shared cursors: follow a pointer, and stay in no history", async () => {
    const [ada, bob] = await open(2, "Shared cursors");
    const seen = bob?.locator("span");
    await pointUntil(ada, 0.25, async () =>
      /left: 25%; top: 25%/.test((await seen?.getAttribute("style", { timeout: 500 })) ?? ""),
    );
    expect((await room("cursors").history()).items).toEqual([]);
    await ada?.close({ runBeforeUnload: true });
    await seen?.waitFor({ state: "detached" });
  });

  it("Shared cursors: what is pointed at without a connection is never sent", async () => {
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

  it("Publish from a function: says it for who knows the secret, and for nobody else", async () => {
    const announce = async (authorization: string, body: string) => {
      const url = `${stage.site.url}/.netlify/functions/announce`;
      return (await fetch(url, { method: "POST", headers: { authorization }, body })).status;
    };
    const { code = "" } = here.find(({ path }) => path === ".env") ?? {};
    const [, secret] = code.trim().split("=");
    const body = JSON.stringify({ text: "The door is open." });
    expect(await announce(`Bearer ${secret}`, body)).toBe(204);
    expect(await announce(`Bearer ${secret}`, '{"text":1}')).toBe(400);
    expect(await announce(`Bearer ${secret}`, "no JSON")).toBe(400);
    for (const wrong of ["Bearer ", "Bearer undefined", `Bearer ${secret}x`, `${secret}`]) {
      expect(await announce(wrong, body)).toBe(401);
    }
    const { items } = await room("lobby").history({ limit: 1 });
    expect(items[0]).toMatchObject({ clientId: "announcer", data: { text: "The door is open." } });
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

  it("Keep messages for longer: shows the last 100, and what is older when asked", async () => {
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

describe(SIGN_IN, () => {
  const ISSUER = "https://accounts.example.com/";
  const AUDIENCE = "the-client-id-of-your-site";
  let provider: Listening;
  let ours: Awaited<ReturnType<typeof generateKeyPair>>;

  const stage = setStage(async () => {
    ours = await generateKeyPair("RS256");
    const jwks = { keys: [{ ...(await exportJWK(ours.publicKey)), kid: "1", alg: "RS256" }] };
    const server = createServer((_request, response) => response.end(JSON.stringify(jwks)));
    provider = await listen(server);
    const url = `http://127.0.0.1:${provider.port}/`;

    const copy = await copyBareProject();
    await write(copy, "src/main.ts", "");
    // As the recipe says: npm install jose.
    const jose = join(ROOT, "upstream/node_modules/jose");
    await symlink(jose, join(copy, "node_modules/jose"), "junction");
    for (const block of signIn) await follow(copy, block);
    const env = await readFile(join(copy, ".env"), "utf8");
    await write(copy, ".env", env.replace(/^(OIDC_JWKS_URL)=.*$/m, `$1=${url}`));
    await runIn(copy, "typescript/bin/tsc");
    return startDev({ folder: copy });
  });
  afterAll(() => provider?.close());

  function sign(
    claims: Record<string, unknown>,
    { key = ours.privateKey, kid = "1", alg = "RS256" } = {},
  ) {
    return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "ada-1", name: "Ada", ...claims })
      .setProtectedHeader({ alg, kid })
      .setExpirationTime((claims.exp as number | undefined) ?? "5 min")
      .sign(key);
  }

  async function ask(authorization?: string) {
    const response = await fetch(
      `${stage.site.url}/.netlify/functions/ably-token-request?clientId=eve`,
      { ...(authorization !== undefined && { headers: { authorization } }) },
    );
    const body = (await response.json()) as { clientId?: string; error?: { code: number } };
    return { status: response.status, clientId: body.clientId, code: body.error?.code };
  }

  it("gives the user of a valid token a token of Ably's, whatever clientId is asked for", async () => {
    expect(await ask(`Bearer ${await sign({})}`)).toMatchObject({ status: 200, clientId: "ada-1" });
  });

  it("refuses everyone else with 403", async () => {
    const theirs = await generateKeyPair("RS256");
    const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(ours.publicKey)));
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

  it("is the page's own way in", async () => {
    const [{ page: ada }, { page: eve }] = [await stage.open(), await stage.open()];
    const page = `${stage.site.url}/${slugOf(SIGN_IN)}.html`;
    await ada.goto(`${page}#id_token=${await sign({})}`);
    await ada.getByText("ada-1", { exact: true }).waitFor();
    await eve.goto(page);
    await eve.getByText("Sign in: this page brought no valid token of yours.").waitFor();
  });
});

describe(ELSEWHERE, () => {
  let site = "";
  const stage = setStage(async () => {
    site = await mkdtemp(join(tmpdir(), "site-"));
    await linkPackages(site);
    for (const path of COPIED) await cp(join(ROOT, path), join(site, path), { recursive: true });
    const scripts = { dev: "netlify dev --internal-disable-edge-functions" };
    await write(site, "package.json", JSON.stringify({ type: "module", scripts }));
    for (const block of elsewhere) await follow(site, block);
    return startDev({ folder: site });
  });

  it("shows who is here, in a site that knew nothing of it", async () => {
    const [ada, bob] = await Promise.all([stage.open(), stage.open()]);
    for (const { page } of [ada, bob]) await page.goto(stage.site.url);
    for (const { page } of [ada, bob]) await page.getByText("2 here now").waitFor();
  });

  it("builds for production", async () => {
    await runIn(site, "vite/bin/vite.js", "build");
    expect(await readFile(join(site, "dist/index.html"), "utf8")).toContain("My site");
  });

  it("installs every package that the copied folders import", async () => {
    const [, recipe = ""] = (await readFile(join(ROOT, "docs/recipes.md"), "utf8")).split(
      `## ${ELSEWHERE}`,
    );
    const installed = recipe
      .match(/^npm install .+$/gm)
      ?.join(" ")
      .split(" ");
    const files = (await listFiles()).filter(
      (path) => COPIED.some((folder) => path.startsWith(`${folder}/`)) && !path.includes("/tests/"),
    );
    const texts = await Promise.all(files.map((path) => readFile(join(ROOT, path), "utf8")));
    const imports = texts.join("\n").matchAll(/(?:from|import) "(@[^"/]+\/[^"/]+|[^."/]+)[^"]*"/g);
    const packages = new Set([...imports].map(([, name = ""]) => name));
    const missing = [...packages].filter(
      (name) => !name.startsWith("node:") && !installed?.includes(name),
    );
    expect(missing).toEqual([]);
  });
});
