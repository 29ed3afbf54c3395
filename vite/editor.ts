/**
 * KEPT. Lets only a page of this site, on this computer, open files in your editor. Any site could
 * start it many times.
 */
import type { IncomingMessage } from "node:http";
import type { Plugin } from "vite";

/** Below any `base`. Vite's server takes a path that goes on with a dot for the same. */
const OPENS_EDITOR = /^[^?]*\/__open-in-editor(?=[/.?]|$)/i;
const LOOPBACK = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;

export function guardEditor(): Plugin {
  return {
    name: "guard-editor",
    apply: "serve",
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        if (!OPENS_EDITOR.test(request.url ?? "") || isOwnPage(request)) return next();
        response.statusCode = 403;
        response.end("Only a page of this site, on this computer, may open files in the editor.");
      });
    },
  };
}

/** `netlify dev` sends `x-forwarded-for` with the address of the browser, and browsers `sec-fetch-site`. */
function isOwnPage({ headers, socket }: IncomingMessage): boolean {
  const forwarded = String(headers["x-forwarded-for"] ?? socket.remoteAddress).split(",");
  const from = [...forwarded, String(socket.remoteAddress)].map((address) => address.trim());
  return headers["sec-fetch-site"] === "same-origin" && from.every((each) => LOOPBACK.test(each));
}
