/**
 * KEPT. Lets only a page of this site open files in your editor. Any site could start it many times.
 */
import type { Plugin } from "vite";

export function guardEditor(): Plugin {
  return {
    name: "guard-editor",
    apply: "serve",
    configureServer({ middlewares }) {
      middlewares.use("/__open-in-editor", ({ headers }, response, next) => {
        // Browsers send this header to this computer. Another device has no use for the editor.
        if (headers["sec-fetch-site"] === "same-origin") return next();
        response.statusCode = 403;
        response.end("Only a page of this site, on this computer, may open files in the editor.");
      });
    },
  };
}
