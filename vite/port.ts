/** KEPT. Names the command that works while another program uses Vite's port. */
import type { Plugin } from "vite";

export function suggestPort(): Plugin {
  return {
    name: "suggest-port",
    apply: "serve",
    configureServer({ httpServer, config: { server, logger } }) {
      httpServer?.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EADDRINUSE") return;
        const port = server.port + 1;
        logger.error(
          `Another program uses port ${server.port}. Stop it, or run:\n  npm run dev -- --target-port ${port} --command "vite --port ${port}"`,
        );
      });
    },
  };
}
