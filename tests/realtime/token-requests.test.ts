import { afterEach, expect, it, vi } from "vitest";
import {
  AUTH_URL,
  type TokenStep,
  requestAhead,
  watchTokenRequests,
} from "../../src/realtime/token-requests.ts";

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

it("gives the client the answer that went ahead, once, and then asks anew", async () => {
  const asked = answer(
    () => Response.json({ nonce: "first" }),
    () => Response.json({ nonce: "second" }),
  );
  requestAhead("ada");
  expect(
    asked.map(({ pathname, searchParams }) => [pathname, searchParams.get("clientId")]),
  ).toEqual([[AUTH_URL, "ada"]]);
  const { ask, types } = watch();
  expect((await ask()).body).toEqual({ nonce: "first" });
  expect(asked).toHaveLength(1);
  expect(types()).toEqual(["signing", "signed"]);
  expect((await ask()).body).toEqual({ nonce: "second" });
  expect(asked).toHaveLength(2);
});

it("tells how long the function took from when it was asked", async () => {
  answer(() => Response.json({}));
  requestAhead("ada");
  await new Promise((resolve) => setTimeout(resolve, 60));
  const { ask, steps } = watch();
  await ask();
  expect(steps[1]).toMatchObject({ type: "signed", ms: expect.toSatisfy((ms) => ms >= 50) });
});

it.each([
  ["a refusal", () => Response.json({ error: { code: 1, message: "no" } }, { status: 403 })],
  [
    "a page in place of the function",
    () => new Response("<p>", { headers: { "content-type": "text/html" } }),
  ],
  [
    "no answer at all",
    () => {
      throw new TypeError("Failed to fetch");
    },
  ],
])("hands over %s as well, and does not ask twice", async (_what, refuse) => {
  const asked = answer(refuse, () => Response.json({ nonce: "second" }));
  requestAhead("ada");
  const { ask, types } = watch();
  expect((await ask()).error).toBeTruthy();
  expect(asked).toHaveLength(1);
  expect(types()).toEqual(["signing", "refused"]);
  expect((await ask()).body).toEqual({ nonce: "second" });
});

it("tells when Ably's token ends", async () => {
  answer(() => Response.json({ token: "t", expires: 5 }));
  const { ask, steps } = watch();
  await ask("https://main.realtime.ably.net/keys/a.b/requestToken");
  expect(steps).toEqual([{ type: "token", expires: 5 }]);
});
