import type { Context } from "@netlify/functions";
import { type Plugin, defineConfig, loadConfigFromFile } from "vite";

const FUNCTION = "ably-token-request";
const BARE_PAGE = "tests/bare/index.html";

/** Calls the function in this process. For each call, `netlify dev` starts a thread that loads it anew. */
function tokenFunction(): Plugin {
  return {
    name: "token-function",
    configureServer({ middlewares, ssrLoadModule }) {
      middlewares.use(`/.netlify/functions/${FUNCTION}`, async ({ originalUrl }, response) => {
        const { default: answer } = await ssrLoadModule(`/netlify/functions/${FUNCTION}/index.ts`);
        const request = new Request(`http://localhost${originalUrl}`);
        const { status, headers, body }: Response = await answer(request, {} as Context);
        response.writeHead(status, Object.fromEntries(headers));
        for await (const chunk of body ?? []) response.write(chunk);
        response.end();
      });
    },
  };
}

/** Serves the pages of the shared site, bundled: a browser then loads 7 files for a page, and not 70. */
export default defineConfig(async (env) => {
  const { config = {} } = (await loadConfigFromFile(env)) ?? {};
  const bundle = config.build?.rolldownOptions ?? {};
  const { input = "index.html" } = bundle;
  const pages = typeof input === "string" ? [input] : Object.values(input);
  return {
    ...config,
    plugins: [config.plugins, tokenFunction()],
    experimental: { ...config.experimental, bundledDev: true },
    build: {
      ...config.build,
      rolldownOptions: {
        ...bundle,
        input: [...pages, BARE_PAGE],
        // Else Vite bundles a part when a page first asks for it, and reloads the other pages.
        experimental: { ...bundle.experimental, devMode: { lazy: false } },
      },
    },
  };
});
