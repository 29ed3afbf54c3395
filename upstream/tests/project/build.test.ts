import { readFile, readdir } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_ABLY_KEY } from "../../../netlify/functions/ably-token-request/local-ably.ts";
import { bundle } from "../../support/bundle.ts";
import { copyProject, removeCopy } from "../../../tests/support/copy.ts";
import { runIn } from "../../support/files.ts";
import { readHeaders } from "../../support/headers.ts";

const PATIENCE_MS = 120_000;

let copy: string;

beforeAll(async () => {
  copy = await copyProject();
});

afterAll(() => removeCopy(copy));

const build = () => runIn(copy, "vite/bin/vite.js", "build");

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

  it("puts one function with its rate limit, and no test, into Netlify's manifest", async () => {
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

  it("contains no package but ably, qr and valibot, no test and no source map", async () => {
    const output = await bundle(copy);
    const modules = output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
    expect(packagesOf(modules)).toEqual(["ably", "qr", "valibot"]);
    expect(output.filter(({ fileName }) => fileName.endsWith(".map"))).toEqual([]);

    const archive = join(copy, ".netlify/functions/ably-token-request.zip");
    const files = unzipSync(await readFile(archive));
    const names = Object.keys(files);
    expect(names.filter((name) => /\.map$|\.test\.|^tests\//.test(name))).toEqual([]);
    // The copy's node_modules is a link, which Netlify packs as such: what is imported tells as much.
    const own = Buffer.from(
      files["netlify/functions/ably-token-request/index.mjs"] ?? [],
    ).toString();
    const imported = [...own.matchAll(/\b(?:from|import)\s*\(?\s*"([^".][^"]*)"/g)];
    const packages = imported.map(([, name = ""]) => name).filter((name) => !isBuiltin(name));
    expect(packages).toEqual(["ably"]);
    expect(own).toContain("ABLY_API_KEY");
    expect(own).not.toContain("sourceMappingURL");
  });

  it("has no inline script, which the policy would block", async () => {
    const html = await readFile(join(copy, "dist/index.html"), "utf8");
    expect(html.match(/<script(?![^>]* src=)[^>]*>/g)).toBeNull();
  });

  it("keeps for a year what has a hash in its name, and only that", async () => {
    // `netlify serve` shows every other header, but its own Cache-Control.
    const { headers, errors } = await readHeaders();
    expect(errors).toEqual([]);
    const cached = headers.filter(({ values }) => Object.hasOwn(values, "Cache-Control"));
    expect(cached).toEqual([
      { for: "/assets/*", values: { "Cache-Control": "public, max-age=31536000, immutable" } },
    ]);
    const files = await readdir(join(copy, "dist"), { recursive: true });
    expect(
      files.filter((name) => /\.\w+$/.test(name) && !name.startsWith("assets")).toSorted(),
    ).toEqual(["index.html"]);
    for (const asset of await readdir(join(copy, "dist/assets"))) {
      expect(asset).toMatch(/-[\w-]{8}\.(js|css)$/);
    }
  });
});

/** The packages that files in node_modules belong to. */
function packagesOf(paths: string[]): string[] {
  const names = paths.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return [...new Set(names)].filter((name) => name !== undefined).toSorted();
}
