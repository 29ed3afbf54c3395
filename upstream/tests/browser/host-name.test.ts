/** A page of `npm run dev` at a name without a dot: the SDK would take it for a part of Ably's cloud. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { setStage } from "../../../tests/demo/stage.ts";
import { copyProject } from "../../../tests/support/copy.ts";
import { startDev } from "../../support/dev-server.ts";

const HOST = "devbox";

const stage = setStage(async () => {
  const folder = await copyProject();
  const config = join(folder, "vite.config.ts");
  const text = await readFile(config, "utf8");
  await writeFile(config, text.replace("server: {", `server: { allowedHosts: ["${HOST}"],`));
  const site = await startDev({ folder });
  const url = site.url.replace("localhost", HOST);
  return { ...site, url, chromiumArgs: [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`] };
});

it("does not connect to Ably's cloud, and says which addresses work", async () => {
  const { page } = await stage.open();
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).hostname));
  page.on("websocket", (socket) => hosts.add(new URL(socket.url()).hostname));
  const failed = page.waitForEvent("pageerror");
  await page.goto(stage.site.url);
  expect(String(await failed)).toContain(`Local Ably cannot be reached at "${HOST}".`);
  await page.waitForLoadState("networkidle");
  expect([...hosts].filter((host) => /ably/.test(host))).toEqual([]);
  expect(hosts).toContain(HOST);
});
