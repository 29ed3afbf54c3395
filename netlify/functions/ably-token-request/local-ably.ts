/** KEPT until local-ably/ goes. When a function uses local Ably, and where it is. */
import { existsSync } from "node:fs";

/** The one key that local Ably accepts. It works nowhere else. */
export const LOCAL_ABLY_KEY = "local.dev:not-a-secret-opens-only-local-ably";

/** Returns true under `netlify dev` without an `ABLY_API_KEY`. The Vite plugin decides the same. */
export function usesLocalAbly(env: NodeJS.ProcessEnv): boolean {
  return !env.ABLY_API_KEY?.trim() && env.NETLIFY_DEV === "true" && existsSync("local-ably");
}

/** Local Ably answers on the page's own origin, which `netlify dev` has in URL. */
export function localAblyOptions(env: NodeJS.ProcessEnv) {
  const { hostname, port } = new URL(env.URL ?? "http://localhost:8888");
  return { endpoint: hostname, port: Number(port), tls: false, useTokenAuth: true };
}
