import type { Context } from "@netlify/functions";
import { type Plugin, defineConfig, loadConfigFromFile } from "vite";

const FUNCTION = "ably-token-request";
const BARE_PAGE = "tests/bare/index.html";

/** Calls the function in this process, because `netlify dev` starts a new thread for each call. */
function tokenFunction(): Plugin {
  return {
    name: "token-function",
    configureServer({ middlewares, ssrLoadModule }) {
      const call = async (url = "/"): Promise<Response> => {
        const { default: answer } = await ssrLoadModule(`/netlify/functions/${FUNCTION}/index.ts`);
        return answer(new Request(new URL(url, "http://localhost")), {} as Context);
      };
      middlewares.use(`/.netlify/functions/${FUNCTION}`, ({ originalUrl }, response, next) => {
        call(originalUrl)
          .then(async (answer) => {
            response.writeHead(answer.status, Object.fromEntries(answer.headers));
            response.end(await answer.text());
          })
          .catch(next);
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
