import { exec } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Runs the app's gate in the copy, without a browser. Rejects with its output if it fails. */
export async function check(copy: string): Promise<string> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ABLY_API_KEY: "",
    CHROMIUM: join(copy, "no-browser"),
    NODE_ENV: undefined,
    CI: undefined,
    VITEST: undefined,
    NO_COLOR: "1",
  };
  try {
    const { stdout, stderr } = await promisify(exec)("npm run check", { cwd: copy, env });
    return stdout + stderr;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`npm run check failed:\n${stdout}${stderr}`, { cause: error });
  }
}
