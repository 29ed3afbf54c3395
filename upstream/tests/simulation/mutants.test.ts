/** The simulation finds each way in which the code of the outbox, the room or the connection breaks. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { copyProject, removeCopy } from "../../../tests/support/copy.ts";
import { MUTANTS, type Mutant } from "../../simulation/mutants.ts";
import { run } from "../../support/files.ts";

const PATIENCE_MS = 300_000;

let copy = "";
afterEach(() => removeCopy(copy));

// Sockets are real, so a seed may miss it once on a busy machine.
it.each(MUTANTS)(
  "finds what happens without $name",
  { timeout: PATIENCE_MS, retry: 1 },
  async (mutant) => {
    copy = await copyProject();
    const file = join(copy, mutant.file);
    const parts = (await readFile(file, "utf8")).split(mutant.from);
    expect(parts, `${mutant.file} has these lines once: ${mutant.from}`).toHaveLength(2);
    await writeFile(file, parts.join(mutant.to));
    const args = ["vitest", "run", "--project=simulation", ...testOf(mutant)];
    const env = {
      ...process.env,
      FIRST_SEED: `${mutant.foundBy}`,
      SEEDS: "1",
      SHRINK: "no",
      VITEST: undefined,
    };
    const output = await run("npx", args, { cwd: join(copy, "upstream"), env }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    );
    expect(output).toMatch(/The schedule, with seed \d+:/);
  },
);

/** The arguments for Vitest that run only the seed or the schedule that finds the mutant. */
function testOf({ foundBy }: Mutant): string[] {
  if (typeof foundBy === "string") return ["schedules.test", "-t", foundBy];
  return [foundBy % 2 === 1 ? "seeds.odd" : "seeds.even"];
}
