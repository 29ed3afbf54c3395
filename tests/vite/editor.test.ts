import { type ViteDevServer, createServer } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { guardEditor } from "../../vite/editor.ts";

let server: ViteDevServer;

beforeAll(async () => {
  server = await createServer({
    configFile: false,
    base: "/app/",
    logLevel: "silent",
    plugins: [guardEditor()],
    server: { host: "127.0.0.1", port: 0 },
  });
  await server.listen();
});
afterAll(() => server.close());

/** Names no file, so Vite answers 500 and opens nothing. */
async function openEditor(headers: Record<string, string>, path = "__open-in-editor") {
  const [url = ""] = server.resolvedUrls?.local ?? [];
  const { status } = await fetch(new URL(path, url), { headers });
  return status;
}

it.each([
  ["a page of another site", { "sec-fetch-site": "cross-site" }],
  ["a page of another port", { "sec-fetch-site": "same-site" }],
  ["a page at a network address", {}],
  ["another computer", { "sec-fetch-site": "same-origin", "x-forwarded-for": "192.0.2.7" }],
])("refuses to open the editor for %s", async (_who, headers) => {
  expect(await openEditor(headers)).toBe(403);
  expect(await openEditor(headers, "/__open-in-editor?file=x")).toBe(403);
  expect(await openEditor(headers, "__OPEN-in-editor/")).toBe(403);
  expect(await openEditor(headers, "/__open-in-editor.x?file=x")).toBe(403);
});

it("opens the editor for a page of this site", async () => {
  const own = { "sec-fetch-site": "same-origin" };
  expect(await openEditor(own)).toBe(500);
  expect(await openEditor({ ...own, "x-forwarded-for": "::1, 127.0.0.1" })).toBe(500);
});
