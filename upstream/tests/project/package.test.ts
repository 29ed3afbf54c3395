/** The root's package.json is short: what only the proof needs is in upstream/package.json. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import proof from "../../package.json" with { type: "json" };
import { ROOT } from "../../../tests/support/copy.ts";

const MAX_DEV_DEPENDENCIES = 14;

it("has these scripts and no others", () => {
  expect(Object.keys(manifest.scripts)).toEqual([
    "dev",
    "build",
    "serve",
    "check",
    "test",
    "test:watch",
    "typecheck",
    "lint",
    "format",
    "local-ably",
    "check:ably",
  ]);
});

it("has few packages, and no workspaces", () => {
  expect(Object.keys(manifest.dependencies)).toEqual(["ably", "qr"]);
  const names = Object.keys(manifest.devDependencies);
  expect(names.length).toBeLessThanOrEqual(MAX_DEV_DEPENDENCIES);
  expect(names.filter((name) => Object.hasOwn(proof.devDependencies, name))).toEqual([]);
  expect(manifest).not.toHaveProperty("workspaces");
});

it("pins its actions and its image, which Dependabot updates", async () => {
  const read = (path: string) => readFile(join(ROOT, path), "utf8");
  const actions = (await read(".github/workflows/check.yml")).match(/uses: .*/g) ?? [];
  expect(actions.length).toBeGreaterThan(0);
  for (const action of actions) expect(action).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  expect(await read(".devcontainer/Dockerfile")).toMatch(/^FROM \S+:\S+@sha256:[0-9a-f]{64}$/m);
  const dependabot = await read(".github/dependabot.yml");
  for (const ecosystem of ["npm", "github-actions", "docker"]) {
    expect(dependabot).toContain(`package-ecosystem: ${ecosystem}\n`);
  }
});
