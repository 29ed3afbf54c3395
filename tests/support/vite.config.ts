import { mergeConfig } from "vite";
import config from "../../vite.config.ts";

/**
 * Serves the pages of the shared site, and passes calls of the function on. In `npm run dev` it is
 * the other way round, but passing 40 files on takes Netlify's CLI half a second for each page.
 */
export default mergeConfig(config, { server: { proxy: { "/.netlify": process.env.SITE_URL } } });
