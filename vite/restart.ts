/** KEPT. Warns when the key in `.env` changes: `netlify dev` reads the file only when it starts. */
import type { Plugin } from "vite";
import { readEnvFiles } from "./env-files.ts";

export function askForRestart(): Plugin {
  return {
    name: "ask-for-restart",
    apply: "serve",
    configureServer({ watcher, config: { root, logger } }) {
      const readKey = () => readEnvFiles(root).ABLY_API_KEY;
      const before = readKey();
      watcher.on("all", () => {
        try {
          if (readKey() === before) return;
          logger.warn(
            "ABLY_API_KEY has changed. To use it, stop npm run dev with Ctrl+C and start it again.",
          );
        } catch (error) {
          logger.error((error as Error).message);
        }
      });
    },
  };
}
