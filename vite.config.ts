import { type Plugin, defineConfig } from "vite";

export default defineConfig({
  // True only while local Ably answers: the branch that reads it is not in the production bundle.
  define: { __LOCAL_ABLY__: false },
  plugins: [
    refuseKeyInPage(),
    import("./local-ably/vite.ts").then(({ localAbly }) => localAbly()), // delete with local-ably/
  ],
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
