import "dotenv/config";
import { defineConfig } from "vite";

export default defineConfig({
  // True only while local Ably answers: the branch that reads it is not in the production bundle.
  define: { __LOCAL_ABLY__: false },
  plugins: [
    import("./local-ably/vite.ts").then(({ localAbly }) => localAbly()), // delete with local-ably/
  ],
  // netlify.toml names this port: if another program holds it, stop and do not show that one's page.
  // Found and prepared at start, and not by the first visit, which it would reload.
  optimizeDeps: { include: ["ably/modular"] },
  server: { port: 5173, strictPort: true },
});
