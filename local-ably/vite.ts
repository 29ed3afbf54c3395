import type { Plugin } from "vite";
import { LOCAL_KEYS } from "./keys.ts";
import { isSameOrigin } from "./origin.ts";
import { REST_PATHS } from "./rest.ts";
import { LocalAbly } from "./server.ts";
import type { Settings } from "./settings.ts";

/**
 * Answers as Ably on the page's own origin while there is no `ABLY_API_KEY`: no account, no second
 * port, and it works through a forwarded port. In a build, or with a key, it does nothing at all.
 */
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
    configureServer({ httpServer, middlewares, config }) {
      const ably = new LocalAbly(LOCAL_KEYS, isSameOrigin, settings);
      config.logger.info(
        "  Local Ably answers here, in memory: no account needed. Set ABLY_API_KEY to switch it off.",
      );
      middlewares.use((request, response, next) => {
        // A fork may have a page of that name.
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
