import { buffer } from "node:stream/consumers";
import type { Context } from "@netlify/functions";
import { type Connect, type Plugin, defineConfig, loadConfigFromFile } from "vite";

const FUNCTIONS = "/.netlify/functions/";
const BARE_PAGE = "tests/bare/index.html";

/** Calls the functions in this process, because `netlify dev` starts a new thread for each call. */
function functions(): Plugin {
  return {
    name: "functions",
    configureServer({ middlewares, ssrLoadModule }) {
      const call = async (request: Connect.IncomingMessage): Promise<Response> => {
        const { originalUrl = "/", method = "GET" } = request;
        const url = new URL(originalUrl, "http://localhost");
        const name = url.pathname.slice(FUNCTIONS.length);
        const { default: answer } = await ssrLoadModule(`/netlify/functions/${name}/index.ts`);
        const headers = request.headers as Record<string, string>;
        const body = /^(GET|HEAD)$/.test(method) ? null : await buffer(request);
        return answer(new Request(url, { method, headers, body }), {} as Context);
      };
      middlewares.use(FUNCTIONS, (request, response, next) => {
        call(request)
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
    plugins: [config.plugins, functions()],
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
