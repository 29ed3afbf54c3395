/** The plugin that runs local Ably in Vite's dev server. */
import type { Plugin } from "vite";
import { LOCAL_KEYS } from "./keys.ts";
import { isSameOrigin } from "./origin.ts";
import { REST_PATHS } from "./rest.ts";
import { LocalAbly } from "./server.ts";
import type { Settings } from "./settings.ts";

/** Answers as Ably on the page's own origin, unless Vite builds or starts with an `ABLY_API_KEY`. */
export function localAbly(settings?: Partial<Settings>): Plugin {
  return {
    name: "local-ably",
    apply: (_config, { command }) => command === "serve" && !process.env.ABLY_API_KEY?.trim(),
    // The function makes the same exception: local Ably has no production to keep apart.
    config: () => ({
      define: {
        __LOCAL_ABLY__: true,
        __DEPLOY_CONTEXT__: JSON.stringify("production"),
        __ABLY_KEY_NAME__: JSON.stringify(LOCAL_KEYS[0]?.name),
      },
    }),
    configureServer({ httpServer, middlewares, config: { logger, server } }) {
      const allowed = server.allowedHosts;
      const ably = new LocalAbly(LOCAL_KEYS, (req) => isSameOrigin(req, allowed), settings);
      logger.info(
        "  Local Ably answers here, in memory: no account needed. To use Ably, set ABLY_API_KEY and restart.",
      );
      middlewares.use((request, response, next) => {
        // A fork may have a page at a path of Ably, with its scripts, styles and images.
        const { accept = "", "sec-fetch-dest": destination = "empty" } = request.headers;
        const isOfPage = accept.includes("text/html") || destination !== "empty";
        if (!isOfPage && REST_PATHS.test(request.url ?? "/")) ably.handleRequest(request, response);
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
