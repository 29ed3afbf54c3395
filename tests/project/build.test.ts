import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_ABLY_KEY } from "../../netlify/functions/ably-token-request/key.ts";
import { copyProject, removeCopy, runIn } from "./copy.ts";

const PATIENCE_MS = 120_000;

let copy: string;

beforeAll(async () => {
  copy = await copyProject();
});

afterAll(() => removeCopy(copy));

const build = () => runIn(copy, "vite/bin/vite.js", "build");
const typecheck = () => runIn(copy, "typescript/bin/tsc");

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
      "Practice faults",
      "local-ably",
      "Local Ably",
      "localAbly",
      LOCAL_ABLY_KEY,
    ]) {
      expect(bundle).not.toContain(trace);
    }
  });

  it("and its function carry the rate limit by IP and domain into Netlify's manifest", async () => {
    await runIn(copy, "netlify-cli/bin/run.js", "build", "--offline");
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
    const config = join(copy, "vite.config.ts");
    const lines = (await readFile(config, "utf8")).split("\n");
    const kept = lines.filter((line) => !line.includes("./local-ably/"));
    expect(kept).toHaveLength(lines.length - 1);
    await writeFile(config, kept.join("\n"));
    await typecheck();
    await build();
  });
});
