/** KEPT. Connects to Ably early. */
import type { Plugin } from "vite";

/** Opens the connection to Ably while the script loads. Not in development: Ably may be local. */
export function preconnect(): Plugin {
  const attrs = { rel: "preconnect", href: "https://main.realtime.ably.net", crossorigin: "" };
  return {
    name: "preconnect",
    apply: "build",
    transformIndexHtml: () => [{ tag: "link", attrs, injectTo: "head-prepend" }],
  };
}
