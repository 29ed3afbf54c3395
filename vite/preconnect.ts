/**
 * KEPT. Opens the connection to Ably while the script loads. Not in development: Ably may be local.
 */
import type { Plugin } from "vite";

export function preconnect(): Plugin {
  const attrs = { rel: "preconnect", href: "https://main.realtime.ably.net", crossorigin: "" };
  return {
    name: "preconnect",
    apply: "build",
    transformIndexHtml: () => [{ tag: "link", attrs, injectTo: "head-prepend" }],
  };
}
