/** The root's package.json is short: what only the proof needs is in upstream/package.json. */
import { expect, it } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import proof from "../../package.json" with { type: "json" };

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
