/** KEPT. Reports in development what the policy of netlify.toml would block. */
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** Vite's client gives it to the styles that it adds to the page in development. */
const STYLE_NONCE = "vite";

/**
 * Vite and its plugins need what the policy in netlify.toml forbids: inline styles and scripts, and
 * a worker after a restart. In development the browser blocks nothing, and its console reports what
 * production would block.
 */
export function reportPolicy(): Plugin {
  // `netlify dev` sets the headers of netlify.toml, unless Vite's response has them too.
  const headers = {
    "Content-Security-Policy": "",
    "Content-Security-Policy-Report-Only": readPolicy().replace(
      "style-src",
      `style-src 'nonce-${STYLE_NONCE}'`,
    ),
    // With TLS, the header would force TLS on every server on localhost, for a year.
    "Strict-Transport-Security": "max-age=0",
  };
  return {
    name: "report-policy",
    apply: "serve",
    configureServer({ middlewares }) {
      // Not `server.headers`: Vite leaves them out of a 304.
      middlewares.use((_request, response, next) => {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        next();
      });
    },
    transformIndexHtml: () => [
      { tag: "meta", attrs: { property: "csp-nonce", nonce: STYLE_NONCE }, injectTo: "head" },
    ],
  };
}

function readPolicy(): string {
  const file = readFileSync(new URL("../netlify.toml", import.meta.url), "utf8");
  const [, policy = ""] = /Content-Security-Policy = """(.*?)"""/s.exec(file) ?? [];
  return policy.replace(/\\\s+/g, "").trim();
}
