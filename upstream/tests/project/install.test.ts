import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
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
