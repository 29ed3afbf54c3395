import type { Plugin } from "vite";
import { readEnvFiles } from "./env.ts";
import { LOCAL_KEYS } from "./keys.ts";
import { isSameOrigin } from "./origin.ts";
import { REST_PATHS } from "./rest.ts";
import { LocalAbly } from "./server.ts";
import type { Settings } from "./settings.ts";

/**
 * Answers as Ably on the page's own origin if Vite started without an `ABLY_API_KEY`: it needs no
 * account and no second port. With a key, and in a build, it does nothing.
 */
export function localAbly(settings?: Partial<Settings>): Plugin {
  readEnvFiles();
  return {
    name: "local-ably",
    apply: (_config, { command }) => command === "serve" && !process.env.ABLY_API_KEY?.trim(),
    config: () => ({ define: { __LOCAL_ABLY__: true } }),
    configureServer({ httpServer, middlewares, config: { logger, server } }) {
      const isAllowed = (request: Parameters<typeof isSameOrigin>[0]) =>
        isSameOrigin(request, server.allowedHosts);
      const ably = new LocalAbly(LOCAL_KEYS, isAllowed, settings);
      logger.info(
        "  Local Ably answers here, in memory: no account needed. To use Ably's cloud, set ABLY_API_KEY and restart.",
      );
      middlewares.use((request, response, next) => {
        // A fork may have a page at a path of Ably.
        const isVisit = request.headers.accept?.includes("text/html");
        if (!isVisit && REST_PATHS.test(request.url ?? "/")) ably.handleRequest(request, response);
        else next();
      });
      httpServer?.on("upgrade", (request, socket, head) => {
        const isVites = request.headers["sec-websocket-protocol"]?.startsWith("vite-");
        if (!isVites && request.url?.startsWith("/?")) ably.handleUpgrade(request, socket, head);
      });
      httpServer?.on("close", () => ably.forget());
    },
  };
}
