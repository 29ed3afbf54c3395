import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import "./env.ts";
import { toAblyError } from "./error.ts";
import { runFault } from "./faults.ts";
import { LOCAL_KEYS } from "./keys.ts";
import { isOwnPage, isSameOrigin, refuseUpgrade } from "./origin.ts";
import { REST_PATHS } from "./rest.ts";
import { LocalAbly } from "./server.ts";
import type { Settings } from "./settings.ts";

const FAULT_PATH = /^\/local-ably\/faults\/(\w+)$/;

/**
 * Answers as Ably on the page's own origin while there is no `ABLY_API_KEY`: no account, no second
 * port, and it works through a forwarded port. In a build, or with a key, it does nothing at all.
 */
export function localAbly(settings?: Partial<Settings>): Plugin {
  return {
    name: "local-ably",
    apply: (_config, { command }) => command === "serve" && !process.env.ABLY_API_KEY?.trim(),
    config: () => ({ define: { __LOCAL_ABLY__: true } }),
    configureServer({ httpServer, middlewares, config }) {
      const ably = new LocalAbly(LOCAL_KEYS, settings);
      config.logger.info(
        "  Local Ably answers here, in memory: no account needed. Set ABLY_API_KEY to switch it off.",
      );
      middlewares.use((request, response, next) => {
        const { url = "/" } = request;
        if (REST_PATHS.test(url)) void ably.handleRequest(request, response);
        else if (url.startsWith("/local-ably/faults/")) handleFault(ably, request, response);
        else next();
      });
      httpServer?.on("upgrade", (request, socket, head) => {
        const isVites = request.headers["sec-websocket-protocol"]?.startsWith("vite-");
        if (isVites || !request.url?.startsWith("/?")) return;
        if (isSameOrigin(request)) ably.handleUpgrade(request, socket, head);
        else refuseUpgrade(socket);
      });
      httpServer?.on("close", () => ably.forget());
    },
  };
}

/** `POST /local-ably/faults/NAME`, for this page's practice drawer and for nobody else. */
function handleFault(ably: LocalAbly, request: IncomingMessage, response: ServerResponse): void {
  const reply = (status: number, body: unknown) =>
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(JSON.stringify(body ?? null));
  if (request.method !== "POST" || !isOwnPage(request)) return void reply(403, null);
  try {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://local-ably");
    reply(200, runFault(ably.faults, FAULT_PATH.exec(pathname)?.[1] ?? "", searchParams));
  } catch (thrown) {
    const error = toAblyError(thrown);
    reply(error.statusCode, { error });
  }
}
