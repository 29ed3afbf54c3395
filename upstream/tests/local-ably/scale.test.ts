import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LOCAL_KEY, atEnd, connected, realtime, start } from "../../../local-ably/tests/harness.ts";

type SignJwt = (key: string, clientId: string, capability: string, ttl?: number) => string;

it("docs/scale.md gives a JWT that Ably takes in place of a token request", async () => {
  const page = await readFile(new URL("../../../docs/scale.md", import.meta.url), "utf8");
  const [, code = ""] = /```ts\n([^]*?)```/.exec(page) ?? [];
  const folder = await mkdtemp(join(tmpdir(), "scale-"));
  atEnd(() => rm(folder, { recursive: true }));
  const file = join(folder, "sign.ts");
  await writeFile(file, code);
  const { signJwt } = (await import(/* @vite-ignore */ file)) as { signJwt: SignJwt };

  const token = signJwt(LOCAL_KEY, "ada", '{"room:*":["publish","subscribe"]}');
  const client = await connected(realtime(await start(), { token }));
  expect(client.auth.clientId).toBe("ada");
  await client.channels.get("room:lobby").attach();
  await expect(client.channels.get("other").attach()).rejects.toMatchObject({ code: 40160 });
});
