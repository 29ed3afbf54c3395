import { cp, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { allowScripts } from "../../../package.json" with { type: "json" };
import { packages } from "../../../package-lock.json" with { type: "json" };
import { ROOT, removeCopy } from "../../../tests/support/copy.ts";
import { run } from "../../support/files.ts";

it("installs what the build needs where NODE_ENV is production", async () => {
  const folder = await mkdtemp(join(tmpdir(), "starter-install-"));
  for (const name of ["package.json", "package-lock.json", ".npmrc"]) {
    await cp(join(ROOT, name), join(folder, name));
  }
  const { stdout } = await run("npm", ["ci", "--dry-run", "--offline", "--no-audit"], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: "production" },
  });
  expect(stdout).toMatch(/^add vite /m);
  await removeCopy(folder);
});

it("names each package with an install script, so that npm does not warn and pnpm does not stop", async () => {
  const scripted = Object.entries(packages).filter(([, entry]) => "hasInstallScript" in entry);
  const names = new Set(scripted.map(([path]) => path.replace(/.*node_modules\//, "")));
  const denied = Object.fromEntries([...names].toSorted().map((name) => [name, false]));
  expect(denied).toHaveProperty("esbuild");
  expect(allowScripts).toEqual(denied);
  const lines = [...names].toSorted().map((name) => `  ${name}: false\n`);
  const pnpm = await readFile(join(ROOT, "pnpm-workspace.yaml"), "utf8");
  // With `packages`, `netlify dev` would ask which project to run.
  expect(pnpm.replace(/^#.*\n/gm, "")).toBe(`allowBuilds:\n${lines.join("")}`);
});

it("has lock files without the address of a registry", async () => {
  for (const file of ["package-lock.json", "upstream/package-lock.json"]) {
    expect(await readFile(join(ROOT, file), "utf8")).not.toContain('"resolved"');
  }
});
