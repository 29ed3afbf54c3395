import { createSecureServer } from "node:http2";
import { extname } from "node:path";
import ablyTokenRequest from "../../netlify/functions/ably-token-request/index.ts";
import { createCertificate } from "../support/network.ts";
import { type File, pack, textOf } from "../support/bundle.ts";
import { readHeaders } from "../support/headers.ts";
import { type Listening, listen } from "../support/listening.ts";

const FUNCTION = "/.netlify/functions/ably-token-request";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

/** A page as Netlify's CDN serves it: HTTP/2, brotli, the headers of netlify.toml, and the function. */
export async function startSite(page: File[]): Promise<Listening> {
  const files = new Map(page.map((file) => [`/${file.fileName}`, pack(textOf(file))]));
  const { headers: rules } = await readHeaders();
  const certificate = await createCertificate();
  const server = createSecureServer(
    { ...certificate, allowHTTP1: true },
    async (request, response) => {
      const { pathname, href } = new URL(request.url, "https://localhost");
      if (pathname === FUNCTION) {
        const answer = await ablyTokenRequest(new Request(href), {} as never);
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        return void response.end(await answer.text());
      }
      const path = pathname === "/" ? "/index.html" : pathname;
      const body = files.get(path);
      if (!body) return void response.writeHead(404).end();
      for (const { for: pattern, values } of rules) {
        if (!pathname.startsWith(pattern.replace("*", ""))) continue;
        for (const [name, value] of Object.entries(values)) response.setHeader(name, value);
      }
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "content-encoding": "br" });
      response.end(body);
    },
  );
  return listen(server);
}
