import { defineConfig } from "vite";

export default defineConfig({
  // True only while local Ably answers: the branch that reads it is not in the production bundle.
  define: { __LOCAL_ABLY__: false },
  plugins: [
    import("./local-ably/vite.ts").then(({ localAbly }) => localAbly()), // delete with local-ably/
  ],
  // Prepared at start: found only by the first visit, it would reload the page of that visitor.
  optimizeDeps: { include: ["ably/modular"] },
  // netlify.toml names this port: if another program holds it, stop and do not show that one's page.
  server: { port: 5173, strictPort: true },
});
