import { type ViteDevServer, createServer } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { guardEditor } from "../../vite/editor.ts";

let server: ViteDevServer;

beforeAll(async () => {
  server = await createServer({
    configFile: false,
    logLevel: "silent",
    plugins: [guardEditor()],
    server: { host: "127.0.0.1", port: 0 },
  });
  await server.listen();
});
afterAll(() => server.close());

/** Names no file, so Vite answers 500 and opens nothing. */
async function openEditor(headers: Record<string, string>): Promise<number> {
  const [url = ""] = server.resolvedUrls?.local ?? [];
  const { status } = await fetch(new URL("/__open-in-editor", url), { headers });
  return status;
}

it.each([
  ["a page of another site", { "sec-fetch-site": "cross-site" }],
  ["a page of another port", { "sec-fetch-site": "same-site" }],
  ["a page at a network address", {}],
])("refuses to open the editor for %s", async (_who, headers) => {
  expect(await openEditor(headers)).toBe(403);
});

it("opens the editor for a page of this site", async () => {
  expect(await openEditor({ "sec-fetch-site": "same-origin" })).toBe(500);
});
