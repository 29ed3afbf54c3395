import { createSecureServer } from "node:http2";
import { connect } from "node:net";
import { extname, join } from "node:path";
import { createServer } from "node:tls";
import { parseAllHeaders } from "@netlify/headers-parser";
import { generate } from "selfsigned";
import ablyTokenRequest from "../netlify/functions/ably-token-request/index.ts";
import { type File, pack } from "../tests/project/bundle.ts";
import { ROOT } from "../tests/project/copy.ts";
import { type Listening, listen } from "./network.ts";

const FUNCTION = "/.netlify/functions/ably-token-request";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

export type Certificate = { key: string; cert: string };

export async function createCertificate(): Promise<Certificate> {
  const names = [{ name: "commonName", value: "This machine" }];
  const { private: key, cert } = await generate(names, { keyType: "ec" });
  return { key, cert };
}

/** A page as Netlify's CDN serves it: HTTP/2, brotli, the headers of netlify.toml, and the function. */
export async function startSite(page: File[], certificate: Certificate): Promise<Listening> {
  const files = new Map(page.map((file) => [`/${file.fileName}`, pack(file)]));
  const { headers: rules } = await parseAllHeaders({
    netlifyConfigPath: join(ROOT, "netlify.toml"),
    headersFiles: [],
    configHeaders: [],
    minimal: true,
  });
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

/** TLS before a local Ably, which has none. */
export function startTls(target: number, certificate: Certificate): Promise<Listening> {
  const server = createServer(certificate, (outer) => {
    const inner = connect({ port: target, host: "127.0.0.1", noDelay: true });
    for (const socket of [outer, inner]) socket.on("error", () => {});
    outer.on("close", () => inner.destroy());
    inner.on("close", () => outer.destroy());
    outer.pipe(inner).pipe(outer);
  });
  return listen(server);
}
