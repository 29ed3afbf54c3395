import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type InlineConfig, build, loadConfigFromFile, resolveConfig } from "vite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { refuseKeyInPage } from "../../vite/key-guard.ts";

const KEY = "appId1.keyId1:0123456789abcdefghijklmnopqrstuvwxyz-_ABCDE";
/** Keys of old Ably accounts have short secrets. */
const OLD_KEY = "xVLyHw.DQrNxQ:UBKsG3hdeKpS-7Y7";

let root: string;

beforeEach(async () => {
  vi.stubEnv("ABLY_API_KEY", undefined);
  root = await mkdtemp(join(tmpdir(), "starter-guard-"));
  await write("index.html", '<script type="module" src="/main.js"></script>');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

async function write(path: string, text: string | Buffer): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

/** Returns the error of the build, or undefined. */
async function failureOf(config: InlineConfig = {}): Promise<string | undefined> {
  const plugins = [refuseKeyInPage()];
  try {
    await build({ root, configFile: false, logLevel: "silent", plugins, ...config });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** The error names the place, says what to do, and does not quote the key. */
function expectRefusal(failure: string | undefined, place: RegExp): void {
  expect(failure).toMatch(new RegExp(`${place.source} holds an Ably key`));
  expect(failure).toContain("Keep the key in ABLY_API_KEY");
  expect(failure).toContain("revoke it");
  for (const key of [KEY, OLD_KEY]) expect(failure).not.toContain(key.split(":")[1]);
  expect(existsSync(join(root, "dist")), "a folder to deploy").toBe(false);
}

describe("the build fails", () => {
  it.each([
    ["the source", "main.js", `console.log("${KEY}");`, /assets\/index-[\w-]+\.js/],
    [
      "an old key in the source",
      "main.js",
      `console.log("${OLD_KEY}");`,
      /assets\/index-[\w-]+\.js/,
    ],
    ["a style sheet", "public/a.css", `/* ${KEY} */`, /dist\/a\.css/],
    ["index.html", "index.html", `<p title="${KEY}"></p>`, /dist\/index\.html/],
    ["a copied .env", "public/.env", `ABLY_API_KEY=${KEY}`, /dist\/\.env/],
    ["a copied file in a folder", "public/a/b/.env.local", KEY, /dist\/a\/b\/\.env\.local/],
    ["a copied JSON file", "public/config.json", JSON.stringify({ KEY }), /dist\/config\.json/],
  ])("for a key in %s", async (_where, path, text, place) => {
    await write("main.js", "");
    await write(path, text);
    expectRefusal(await failureOf(), place);
  });

  it("for a key in imported JSON, and in a source map", async () => {
    await write("main.js", 'import { key } from "./a.json"; console.log(key);');
    await write("a.json", JSON.stringify({ key: KEY }));
    expect(await failureOf()).toContain("holds an Ably key");
    await write("main.js", `/* ${KEY} */ console.log(1);`);
    expect(await failureOf({ build: { sourcemap: true } })).toContain(".js.map holds an Ably key");
  });

  it("for a key that `define` brings in", async () => {
    await write("main.js", "console.log(__KEY__);");
    expect(await failureOf({ define: { __KEY__: JSON.stringify(KEY) } })).toContain("holds an");
  });

  it.each([
    ["the whole key", "app.key:onlylowercaseletters"],
    ["its secret part", "onlylowercaseletters"],
    ["its secret part in base64", Buffer.from("onlylowercaseletters").toString("base64")],
  ])("for %s of ABLY_API_KEY, whatever its form", async (_what, text) => {
    vi.stubEnv("ABLY_API_KEY", " app.key:onlylowercaseletters\n");
    await write("main.js", `console.log("${text}");`);
    const failure = await failureOf();
    expect(failure).toContain("holds an Ably key");
    expect(failure).not.toContain("onlylowercaseletters");
  });

  it("for a secret that was pasted without the name of its key", async () => {
    const secret = "hFq83kdJs92LmQp0TzWx";
    vi.stubEnv("ABLY_API_KEY", secret);
    await write("main.js", `console.log("${secret}");`);
    const failure = await failureOf();
    expect(failure).toContain("holds an Ably key");
    expect(failure).not.toContain(secret);
  });

  it.each([
    [".env", "ABLY_API_KEY="],
    [".env", "\uFEFFABLY_API_KEY="],
    [".env.development.local", "ABLY_API_KEY="],
    [".env.production", "export ABLY_API_KEY: "],
  ])("for the secret of the key in %s, after %j", async (file, start) => {
    await write(file, `${start}app.key:onlylowercaseletters`);
    await write("main.js", 'console.log("onlylowercaseletters");');
    expect(await failureOf()).toContain("holds an Ably key");
  });

  it("for the secret of the key that Netlify's CLI reads, though Vite reads another folder", async () => {
    await write(".env", "ABLY_API_KEY=app.key:onlylowercaseletters");
    await write("main.js", 'console.log("onlylowercaseletters");');
    expect(await failureOf({ envDir: "env" })).toContain("holds an Ably key");
  });

  it.each(["build", "serve"] as const)("for a .env in UTF-16, and so does %s", async (command) => {
    await write(".env", Buffer.from(`\uFEFFABLY_API_KEY=${KEY}`, "utf16le"));
    const plugins = [refuseKeyInPage()];
    const started = resolveConfig({ root, configFile: false, plugins }, command);
    await expect(started).rejects.toThrow(/[\\/]\.env is not in UTF-8.*Save it as UTF-8/);
  });

  it.each(["in the environment", "in .env"])("for a key in a VITE_ variable %s", async (where) => {
    await write("main.js", "");
    if (where === "in .env") await write(".env", `VITE_ABLY=key=${KEY}`);
    else vi.stubEnv("VITE_ABLY", `key=${KEY}`);
    expectRefusal(await failureOf(), /VITE_ABLY/);
  });

  it("for a key's name and its secret in two VITE_ variables", async () => {
    vi.stubEnv("VITE_ABLY_NAME", "xVLyHw.DQrNxQ");
    vi.stubEnv("VITE_ABLY_SECRET", KEY.split(":")[1]);
    await write("main.js", "");
    expectRefusal(await failureOf(), /VITE_ABLY_SECRET/);
  });

  it("for ABLY_API_KEY itself, if `envPrefix` writes it into the page", async () => {
    vi.stubEnv("ABLY_API_KEY", KEY);
    await write("main.js", "");
    expectRefusal(await failureOf({ envPrefix: "ABLY_" }), /ABLY_API_KEY/);
  });
});

describe("the build passes", () => {
  it.each([
    ["minified code", "x=a?window.opener:requestAnimationFrameOnTheNextPage;"],
    ["a host and a port", 'x="local.example:8080";'],
    ["the form of a key", 'x="appId.keyId:secret";'],
    ["the placeholder of .env.example", 'x="ABLY_API_KEY=";'],
  ])("for %s", async (_what, code) => {
    vi.stubEnv("VITE_HOST", "local.example:8080");
    vi.stubEnv("VITE_OTHER_KEY", "hFq83kdJs92LmQp0TzWx");
    await write("main.js", `const a = 0; globalThis.${code}`);
    expect(await failureOf()).toBeUndefined();
    expect(existsSync(join(root, "dist/index.html"))).toBe(true);
  });

  it("for a placeholder in ABLY_API_KEY that is no key", async () => {
    vi.stubEnv("ABLY_API_KEY", "your-key-here");
    await write("main.js", 'console.log("your-key-here", "a.b:secret");');
    expect(await failureOf()).toBeUndefined();
  });
});

it.each([
  ["a key", KEY, "appId1.keyId1"],
  ["a secret without its key's name", "hFq83kdJs92LmQp0TzWx", ""],
  ["a secret before its key's name", "hFq83kdJs92LmQp0TzWx:appId1.keyId1", ""],
  ["none", "", ""],
])("vite.config.ts gives the page only the name of the key, for %s", async (_what, key, name) => {
  vi.stubEnv("ABLY_API_KEY", key);
  const loaded = await loadConfigFromFile({ command: "build", mode: "production" });
  expect(loaded?.config.define).toMatchObject({ __ABLY_KEY_NAME__: JSON.stringify(name) });
});

it("keeps an output folder outside of the project", async () => {
  const outDir = await mkdtemp(join(tmpdir(), "starter-guard-out-"));
  await write("main.js", `console.log("${KEY}");`);
  expect(await failureOf({ build: { outDir, emptyOutDir: false } })).toContain("holds an Ably key");
  expect(existsSync(outDir)).toBe(true);
  await rm(outDir, { recursive: true });
});
