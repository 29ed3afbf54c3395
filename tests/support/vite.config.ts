import { defineConfig, loadConfigFromFile, mergeConfig } from "vite";

/**
 * Serves the pages of the shared site, and passes calls of the function on. In `npm run dev` it is
 * the other way round, but passing 40 files on takes Netlify's CLI half a second for each page.
 */
export default defineConfig(async (env) => {
  const loaded = await loadConfigFromFile(env);
  const proxy = { "/.netlify": process.env.SITE_URL };
  return mergeConfig(loaded?.config ?? {}, { server: { proxy } });
});
