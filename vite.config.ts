/** KEPT. What Vite serves and builds. Each plugin is a file in vite/, which says what it is for. */
import { defineConfig } from "vite";
import { guardEditor } from "./vite/editor.ts";
import { refuseKeyInPage } from "./vite/key-guard.ts";
import { offerNetworkHost } from "./vite/network-host.ts"; // delete with src/demo/
import { reportPolicy } from "./vite/policy.ts";
import { suggestPort } from "./vite/port.ts";
import { preconnect } from "./vite/preconnect.ts";
import { askForRestart } from "./vite/restart.ts";

/** The name of a key, without its secret. */
const [keyName = ""] = process.env.ABLY_API_KEY?.trim().match(/^[\w-]+\.[\w-]+(?=:)/) ?? [];

export default defineConfig({
  define: {
    __NETWORK_HOST__: '""', // offerNetworkHost sets it in development. delete with src/demo/
    __LOCAL_ABLY__: false, // Only local Ably's plugin sets it to true. delete with local-ably/
    // src/realtime/contract.ts reads it.
    __DEPLOY_CONTEXT__: JSON.stringify(process.env.CONTEXT || "production"),
    // src/realtime/token.ts reads it. The name of a key is public: every token request carries it.
    __ABLY_KEY_NAME__: JSON.stringify(keyName),
  },
  plugins: [
    refuseKeyInPage(), // only the function may have ABLY_API_KEY
    preconnect(),
    reportPolicy(),
    askForRestart(),
    suggestPort(),
    guardEditor(),
    offerNetworkHost(), // delete with src/demo/
    import("./local-ably/vite.ts").then(({ localAbly }) => localAbly()), // delete with local-ably/
  ],
  // The first load needs one script, so there is nothing to preload.
  build: { modulePreload: { polyfill: false } },
  // Pre-bundle now: discovering it on the first visit reloads the page.
  optimizeDeps: { include: ["ably/modular"] },
  // netlify.toml names this port. On another port, `netlify dev` would show another program's page.
  server: { port: 5173, strictPort: true },
});
