import { exec } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Runs the app's gate in the copy, without a browser. Rejects with its output if it fails. */
export function check(copy: string): Promise<string> {
  return runNpm("run check", copy, { CHROMIUM: join(copy, "no-browser") });
}

/** Runs npm in a copy, as on a machine with these variables. Rejects with its output if it fails. */
export async function runNpm(
  args: string,
  copy: string,
  variables: Record<string, string>,
): Promise<string> {
  // This process is a test that runs in Vitest. The copy's own tests must not notice.
  const own = { NODE_ENV: undefined, CI: undefined, VITEST: undefined, NO_COLOR: "1" };
  const env: NodeJS.ProcessEnv = { ...process.env, ...own, ...variables };
  try {
    const { stdout, stderr } = await promisify(exec)(`npm ${args}`, { cwd: copy, env });
    return stdout + stderr;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`npm ${args} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
