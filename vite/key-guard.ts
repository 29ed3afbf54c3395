/** KEPT. Keeps the Ably key out of the built page. */
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Plugin, type ResolvedConfig, normalizePath } from "vite";
import { ENV_FILES, readEnvFile } from "./env-files.ts";
import { findSplitKey, isKeyInFile, isKeyInVariable, toSecrets } from "./key-search.ts";

const WHAT_TO_DO =
  "Everyone who opens the page could read it. Keep the key in ABLY_API_KEY, which only the function reads. If the key was ever deployed, revoke it at https://ably.com/accounts.";

/** Fails if an Ably key is in a variable that Vite writes into the page, or in the built files. */
export function refuseKeyInPage(): Plugin {
  let config: ResolvedConfig;
  let secrets: string[];
  return {
    name: "refuse-key-in-page",
    configResolved(resolved) {
      config = resolved;
      secrets = readKeys(config).flatMap(toSecrets);
      const { env } = config;
      const name =
        Object.keys(env).find((name) => isKeyInVariable(String(env[name]), secrets)) ??
        findSplitKey(env);
      if (name === undefined) return;
      throw new Error(
        `${name} holds an Ably key, and Vite writes this variable into the page. ${WHAT_TO_DO}`,
      );
    },
    closeBundle: {
      order: "post",
      sequential: true,
      handler() {
        const folder = resolve(config.root, config.build.outDir);
        if (config.command !== "build" || !existsSync(folder)) return;
        const file = listFiles(folder).find((path) =>
          isKeyInFile(path, readFileSync(path), secrets),
        );
        if (file === undefined) return;
        // Nothing that was built may be deployed.
        const isInside = normalizePath(folder).startsWith(`${config.root}/`);
        if (isInside) rmSync(folder, { recursive: true });
        this.error(`${normalizePath(file)} holds an Ably key. ${WHAT_TO_DO}`);
      },
    },
  };
}

/** Returns the keys that this computer has, in all files that Netlify's CLI or Vite may read. */
function readKeys({ mode, envDir, root }: ResolvedConfig): string[] {
  const files = [...ENV_FILES, `.env.${mode}`, `.env.${mode}.local`];
  const folders = [...new Set([root, envDir || root])];
  const variables = folders.flatMap((folder) =>
    files.map((name) => readEnvFile(join(folder, name))),
  );
  return [process.env, ...variables].map(({ ABLY_API_KEY = "" }) => ABLY_API_KEY);
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name));
}
