import { afterEach, expect, it, vi } from "vitest";
import { AUTH_URL, type TokenStep, watchTokenRequests } from "../../src/realtime/token-requests.ts";

type Plugin = (...request: unknown[]) => Promise<{ error?: unknown; body?: unknown }>;

afterEach(() => vi.unstubAllGlobals());

/** Answers each request in its turn, and keeps what was asked. */
function answer(...answers: (() => Response)[]): URL[] {
  const asked: URL[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(new URL(url, "https://site.example"));
    return answers[asked.length - 1]?.() ?? Response.error();
  });
  return asked;
}

function watch() {
  const steps: TokenStep[] = [];
  const plugin = watchTokenRequests((step) => steps.push(step)) as Plugin;
  const ask = (url: string = AUTH_URL) => plugin("get", null, url, {}, { clientId: "ada" });
  return { ask, types: () => steps.map(({ type }) => type), steps };
}

/** What the inline script of index.html leaves. */
function sendAhead(answer: Awaited<typeof tokenRequestAhead>): void {
  vi.stubGlobal("tokenRequestAhead", Promise.resolve(answer));
}

it("gives the client the answer that went ahead, once, and then asks anew", async () => {
  const asked = answer(() => Response.json({ nonce: "second" }));
  sendAhead({ clientId: "ada", askedAt: Date.now(), ms: 12, body: { nonce: "first" } });
  const { ask, steps, types } = watch();
  expect((await ask()).body).toEqual({ nonce: "first" });
  expect(asked).toEqual([]);
  expect(steps).toEqual([{ type: "signing" }, { type: "signed", ms: 12 }]);
  expect((await ask()).body).toEqual({ nonce: "second" });
  expect(asked.map(({ pathname, search }) => [pathname, search.includes("clientId=ada")])).toEqual([
    [AUTH_URL, true],
  ]);
  expect(types().slice(2)).toEqual(["signing", "signed"]);
});

it.each([
  ["nothing", undefined],
  ["a refusal", false as const],
  ["another's", { clientId: "eve", askedAt: Date.now(), ms: 12, body: { nonce: "of eve" } }],
  ["what is too old for Ably", { clientId: "ada", askedAt: 0, ms: 12, body: { nonce: "old" } }],
])("asks the function itself where %s came of it", async (_what, ahead) => {
  const asked = answer(() => Response.json({ nonce: "own" }));
  sendAhead(ahead);
  const { ask, types } = watch();
  expect((await ask()).body).toEqual({ nonce: "own" });
  expect(asked).toHaveLength(1);
  expect(types()).toEqual(["signing", "signed"]);
});

it.each([
  ["a refusal", () => Response.json({ error: { code: 1, message: "no" } }, { status: 403 })],
  [
    "no answer at all",
    () => {
      throw new TypeError("Failed to fetch");
    },
  ],
])("tells of %s", async (_what, refuse) => {
  answer(refuse);
  const { ask, types } = watch();
  expect((await ask()).error).toBeTruthy();
  expect(types()).toEqual(["signing", "refused"]);
});

it("leaves a page in place of the function to ably-js to refuse, as text", async () => {
  answer(() => new Response("<p>", { headers: { "content-type": "text/html" } }));
  const { ask, types } = watch();
  expect(await ask()).toMatchObject({ body: "<p>", unpacked: false });
  expect(types()).toEqual(["signing", "refused"]);
});

it("tells when Ably's token ends", async () => {
  answer(() => Response.json({ token: "t", expires: 5 }));
  const { ask, steps } = watch();
  await ask("https://main.realtime.ably.net/keys/a.b/requestToken");
  expect(steps).toEqual([{ type: "token", expires: 5 }]);
});
