import { type Plugin, defineConfig } from "vite";

export default defineConfig({
  // True only while local Ably answers: the branch that reads it is not in the production bundle.
  define: {
    __LOCAL_ABLY__: false,
    __DEPLOY_CONTEXT__: JSON.stringify(process.env.CONTEXT ?? "production"),
    __ABLY_KEY_NAME__: JSON.stringify(process.env.ABLY_API_KEY?.trim().split(":")[0] ?? ""),
  },
  plugins: [
    refuseKeyInPage(), // ABLY_API_KEY is for the function alone
    preconnect(),
    importPlainly(),
    allowStyles(),
    import("./local-ably/vite.ts").then(({ localAbly }) => localAbly()), // delete with local-ably/
  ],
  // One script is all that the first load needs: nothing to load ahead, and no code for it.
  build: { modulePreload: { polyfill: false } },
  // Prepared at start: found only by the first visit, it would reload the page of that visitor.
  optimizeDeps: { include: ["ably/modular"] },
  // netlify.toml names this port: if another program holds it, stop and do not show that one's page.
  server: { port: 5173, strictPort: true },
});

/** Vite writes every `VITE_` variable into the page, for all to read: an Ably key must not be one. */
function refuseKeyInPage(): Plugin {
  const KEY = /[\w-]+\.[\w-]+:[\w-]{20,}/;
  return {
    name: "refuse-key-in-page",
    configResolved({ env }) {
      const name = Object.keys(env).find((name) => KEY.test(String(env[name])));
      if (name === undefined) return;
      throw new Error(
        `${name} holds an Ably key, and everyone could read it in the page. Name it ABLY_API_KEY, which only the function reads, and revoke this key if it was ever deployed.`,
      );
    },
  };
}

/**
 * Vite wraps each `import()` in code that loads stylesheets and further files ahead, 0.5 kB of the
 * first load. Nothing here has any: should a file that is loaded later bring a stylesheet, the
 * build says so.
 */
function importPlainly(): Plugin {
  return {
    name: "import-plainly",
    apply: "build",
    transform: {
      filter: { id: /vite\/preload-helper/ },
      handler: () => "export const __vitePreload = (load) => load();",
    },
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "asset" || file.isEntry || !file.viteMetadata?.importedCss.size) continue;
        this.error(`${file.name} has a stylesheet: delete importPlainly() from vite.config.ts.`);
      }
    },
  };
}

/**
 * In development Vite writes the stylesheets that a script imports into the page, and its own words
 * about errors, which the policy in netlify.toml allows under this nonce. In a build they are files.
 */
function allowStyles(): Plugin {
  return {
    name: "allow-styles",
    apply: "serve",
    config: () => ({ html: { cspNonce: "vite" } }),
  };
}

/**
 * The way to Ably is opened while the script is still on its own way: two round trips that nobody
 * waits for. Not in development, where Ably may be local.
 */
function preconnect(): Plugin {
  const attrs = { rel: "preconnect", href: "https://main.realtime.ably.net", crossorigin: "" };
  return {
    name: "preconnect",
    apply: "build",
    transformIndexHtml: () => [{ tag: "link", attrs, injectTo: "head-prepend" }],
  };
}
