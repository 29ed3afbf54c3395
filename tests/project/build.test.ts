import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_ABLY_KEY } from "../../netlify/functions/ably-token-request/key.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PATIENCE_MS = 120_000;
const run = promisify(execFile);

let copy: string;

/** A copy of the project as git would give it, whose files a test may change. */
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "starter-"));
  const { stdout } = await run("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: ROOT,
  });
  for (const path of stdout.split("\0").filter(Boolean))
    await cp(join(ROOT, path), join(copy, path));
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"), "junction");
});

afterAll(() => rm(copy, { recursive: true, force: true }));

function inCopy(program: string, ...args: string[]) {
  const env = { ...process.env, ABLY_API_KEY: "", NODE_ENV: "production" };
  return run(process.execPath, [join(ROOT, "node_modules", program), ...args], { cwd: copy, env });
}

const build = () => inCopy("vite/bin/vite.js", "build");
const typecheck = () => inCopy("typescript/bin/tsc");

describe("the production build", { timeout: PATIENCE_MS }, () => {
  it("holds nothing of local Ably, and dials Ably's cloud", async () => {
    await build();
    const dist = join(copy, "dist");
    const files = await readdir(dist, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files
        .filter((file) => file.isFile())
        .map((file) => readFile(join(file.parentPath, file.name), "utf8")),
    );
    const bundle = texts.join("\n");
    expect(bundle).toContain("main.realtime.ably.net".replace("main.", ""));
    expect(bundle).toContain("/.netlify/functions/ably-token-request");
    for (const trace of [
      "__LOCAL_ABLY__",
      "local-ably",
      "Local Ably",
      "localAbly",
      LOCAL_ABLY_KEY,
    ]) {
      expect(bundle).not.toContain(trace);
    }
  });

  it("and its function carry the rate limit by IP and domain into Netlify's manifest", async () => {
    await inCopy("netlify-cli/bin/run.js", "build", "--offline");
    const manifest = JSON.parse(
      await readFile(join(copy, ".netlify/functions/manifest.json"), "utf8"),
    ) as { functions: { name: string; trafficRules?: unknown }[] };
    expect(manifest.functions.map(({ name }) => name)).toEqual(["ably-token-request"]);
    expect(manifest.functions[0]?.trafficRules).toEqual({
      action: {
        type: "rate_limit",
        config: {
          rateLimitConfig: { algorithm: "sliding_window", windowLimit: 60, windowSize: 60 },
          aggregate: { keys: [{ type: "ip" }, { type: "domain" }] },
        },
      },
    });
  });

  it("and the types stay whole without local-ably/ and its line in vite.config.ts", async () => {
    await rm(join(copy, "local-ably"), { recursive: true });
    for (const tests of ["local-ably", "browser"])
      await rm(join(copy, "tests", tests), { recursive: true });
    const config = join(copy, "vite.config.ts");
    const lines = (await readFile(config, "utf8")).split("\n");
    const kept = lines.filter((line) => !line.includes("./local-ably/"));
    expect(kept).toHaveLength(lines.length - 1);
    await writeFile(config, kept.join("\n"));
    await rm(join(copy, "vitest.config.ts"));
    await typecheck();
    await build();
  });
});
