import type { Context } from "@netlify/functions";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as openToAll from "../support/open-to-all.ts";
import { ablyTokenRequest, config } from "../support/token-function.ts";
import { readAnswer } from "./answer.ts";

const KEY = "appId.keyId:top-secret-part";
const FUNCTION_URL = "https://site.example/.netlify/functions/ably-token-request";
const MAX_RATE_LIMIT_WINDOW_S = 180;
/** As tests/support/open-to-all.ts permits. */
const OPERATIONS = ["*"];

function ask(query = "", init: RequestInit = {}, context = {} as Context): Promise<Response> {
  return ablyTokenRequest(new Request(FUNCTION_URL + query, init), context);
}

function askAs(clientId: string): Promise<Response> {
  return ask(`?${new URLSearchParams({ clientId })}`);
}

beforeEach(() => {
  vi.stubEnv("ABLY_API_KEY", KEY);
  vi.stubEnv("NETLIFY_DEV", undefined);
  vi.stubEnv("CONTEXT", undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("an answer", () => {
  it("is successful and is not cached", async () => {
    const response = await askAs("ada");
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("ignores every query parameter but clientId", async () => {
    const query = new URLSearchParams({
      clientId: "ada",
      capability: '{"*":["*"]}',
      ttl: "999999999",
      timestamp: "1",
      nonce: "0123456789abcdef",
      keyName: "other.key",
      deployContext: "production",
    });
    const answer = await readAnswer(await ask(`?${query}`));
    expect(answer.capability).toBe(JSON.stringify({ "room:*": OPERATIONS }));
    expect(answer).not.toHaveProperty("ttl");
    expect(answer.timestamp).not.toBe("1");
    expect(answer.nonce).not.toBe("0123456789abcdef");
    expect(answer.keyName).toBe("appId.keyId");
  });
});

describe("the capability", () => {
  async function capabilityIn(deployContext: string | undefined, variable?: string) {
    vi.stubEnv("CONTEXT", variable);
    const context = { deploy: { context: deployContext } } as Context;
    const { capability } = await readAnswer(await ask("", {}, context));
    return JSON.parse(String(capability)) as unknown;
  }

  it("is what permit returns for the deploy context", async () => {
    expect(await capabilityIn("production")).toEqual({ "room:*": OPERATIONS });
  });

  it.each(["deploy-preview", "branch-deploy", "preview-server", "dev"])(
    "is for other channels in the deploy context %s",
    async (deployContext) => {
      expect(await capabilityIn(deployContext)).toEqual({ "room-preview:*": OPERATIONS });
    },
  );

  it("follows the deploy's context before the variable CONTEXT", async () => {
    expect(await capabilityIn("production", "deploy-preview")).toEqual({ "room:*": OPERATIONS });
  });

  // Seen with netlify-cli 27.10: `netlify dev` and `netlify serve` leave deploy.context empty.
  it.each([
    ["dev", "room-preview:*"],
    ["deploy-preview", "room-preview:*"],
    ["production", "room:*"],
    ["", "room:*"],
    [undefined, "room:*"],
  ])("follows CONTEXT=%s where the deploy has no context", async (variable, channels) => {
    expect(await capabilityIn("", variable)).toEqual({ [channels]: OPERATIONS });
  });
});

describe("the clientId", () => {
  it.each(["Zoë 🦦 <b>", "عائشة", "ศรี", "x".repeat(128)])("may be %s", async (clientId) => {
    expect((await readAnswer(await askAs(clientId))).clientId).toBe(clientId);
  });

  it.each([
    ["a wildcard", "*", "A token for * may use any client ID."],
    ["empty", "", "It is blank."],
    ["blank", "   ", "It is blank."],
    ["nothing but an accent", "\u0301", "It is blank."],
    ["a blank letter", "\u3164", "U+3164"],
    ["a blank of Braille", "\u2800", "U+2800"],
    ["a blank of musical notation", "ada\u{1d159}", "U+1D159"],
    ["nothing but a joiner", "\u034F", "U+034F"],
    ["nothing but a variation selector", "\uFE0F", "U+FE0F"],
    ["with a variation selector", "ada\uFE00", "U+FE00"],
    ["with a filler", "ada\u115F", "U+115F"],
    ["with a no-break space", "a\u00A0da", "U+00A0"],
    ["with an ideographic space", "ada\u3000", "U+3000"],
    ["with an unassigned character", "ada\u0378", "U+0378"],
    ["with a private character", "ada\uE000", "U+E000"],
    ["with a space at its end", "ada ", "Remove spaces at its ends"],
    ["with two spaces", "ada  b", "double spaces"],
    ["in another form of the same letters", "e\u0301va", "composed form"],
    ["a server's", "server", "reserved"],
    ["one that names a server", "server:news", "reserved"],
    ["like a server's", "SERVER", "reserved"],
    ["like a server's in wide letters", "ｓｅｒｖｅｒ", "reserved"],
    ["longer than 128 characters", "x".repeat(129), "It has 129 characters. Use at most 128."],
    ["with a control character", "a\u0000b", "U+0000"],
    ["with a line break", "a\nb", "U+000A"],
    ["with a line separator", "a\u2028b", "U+2028"],
    ["with a paragraph separator", "a\u2029b", "U+2029"],
    ["with a text direction override", "a\u202Eb", "U+202E"],
    ["with a text direction isolate", "a\u2066b", "U+2066"],
    ["with a zero-width space", "a\u200Bb", "U+200B"],
    ["with a zero-width joiner", "👩\u200D🚀", "U+200D"],
    ["with a soft hyphen", "a\u00ADb", "U+00AD"],
    ["with a byte order mark", "a\uFEFFb", "U+FEFF"],
    ["with a tag character", "a\u{E0041}b", "U+E0041"],
  ])("is refused with 403 if it is %s", async (_what, clientId, why) => {
    const response = await askAs(clientId);
    expect(response.status).toBe(403);
    expect(response.headers.get("x-ably-errorcode")).toBe("40012");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const { error } = await readAnswer(response);
    expect(error).toMatchObject({ code: 40012, statusCode: 403 });
    expect(error.href).toBe("https://help.ably.io/error/40012");
    expect(error.message).toMatch(/^Invalid clientId\. /);
    expect(error.message).toContain(why);
  });
});

it("refuses a visitor who may open no room, because Ably would open all for such a token", async () => {
  vi.spyOn(openToAll, "permit").mockReturnValue({});
  const response = await askAs("ada");
  expect(response.status).toBe(403);
  expect((await readAnswer(response)).error.code).toBe(40160);
});

it("logs what your own code throws, without the secret, and answers 500", async () => {
  vi.spyOn(openToAll, "identify").mockImplementation(() => {
    throw new Error(`The database refused ${KEY}.`);
  });
  const response = await askAs("ada");
  expect(response.status).toBe(500);
  expect((await readAnswer(response)).error.message).toMatch(/See its log/);
  const [[logged] = []] = vi.mocked(console.error).mock.calls;
  expect(logged).toMatch(/The database refused appId\.keyId:…\./);
  expect(logged).toMatch(/ably-token-request\.test\.ts/);
  vi.mocked(console.error).mockClear();
});

describe("the key", () => {
  it.each([undefined, "", "   "])("as %j gives 500 that says where to set it", async (value) => {
    vi.stubEnv("ABLY_API_KEY", value);
    const response = await ask();
    expect(response.status).toBe(500);
    expect(response.headers.get("x-ably-errorcode")).toBe("40106");
    const { message } = (await readAnswer(response)).error;
    expect(message).toMatch(/no ABLY_API_KEY/);
    expect(message).toMatch(/\.env/);
    expect(message).toMatch(/On Netlify: .*Environment variables/);
  });

  it.each([
    "your-key-here",
    "Your Ably API key (ably.com/accounts → your app → API keys), as appId.keyId:secret",
    "appId.keyId",
    "appId:top-secret-part",
    "appId.keyId:",
    "appId.keyId:top-secret-part extra",
  ])("as %j gives 500 that does not quote it", async (value) => {
    vi.stubEnv("ABLY_API_KEY", value);
    const response = await ask();
    expect(response.status).toBe(500);
    expect(response.headers.get("x-ably-errorcode")).toBe("40101");
    const text = await response.text();
    expect(text).toContain("appId.keyId:secret");
    expect(text).not.toContain("top-secret-part");
    expect(text).not.toContain("your-key-here");
  });

  it("may have white space around it", async () => {
    vi.stubEnv("ABLY_API_KEY", ` ${KEY}\n`);
    expect((await readAnswer(await ask())).keyName).toBe("appId.keyId");
  });

  it("is ABLY_API_KEY under netlify dev if that is set, even to a malformed key", async () => {
    vi.stubEnv("NETLIFY_DEV", "true");
    expect((await readAnswer(await ask())).keyName).toBe("appId.keyId");
    vi.stubEnv("ABLY_API_KEY", "wrong");
    expect((await ask()).status).toBe(500);
  });

  it("never appears in an answer or in the log", async () => {
    const logged = (["log", "info", "warn"] as const).map((name) => vi.spyOn(console, name));
    for (const query of ["", "?clientId=*", "?clientId=ada"]) {
      for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) {
        const response = await ask(query, { method });
        const seen = (await response.text()) + JSON.stringify([...response.headers]);
        expect(seen).not.toContain("top-secret-part");
      }
    }
    expect(logged.flatMap(({ mock }) => mock.calls)).toEqual([]);
  });
});

describe("the request", () => {
  it.each(["POST", "PUT", "PATCH", "DELETE"])("with %s gives 405", async (method) => {
    const response = await ask("?clientId=ada", { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect((await readAnswer(response)).error.statusCode).toBe(405);
  });

  it("with OPTIONS lists the allowed methods", async () => {
    const response = await ask("", { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  it.each([
    ["?clientId=ada", 200],
    ["?clientId=*", 403],
  ])("with HEAD %s gives the status and headers of GET, without a body", async (query, status) => {
    const [head, get] = await Promise.all([ask(query, { method: "HEAD" }), ask(query)]);
    expect(head.status).toBe(status);
    expect([...head.headers]).toEqual([...get.headers]);
    expect(await head.text()).toBe("");
  });

  it("from another site's page gives 403", async () => {
    const response = await ask("", { headers: { "sec-fetch-site": "cross-site" } });
    expect(response.status).toBe(403);
    expect((await readAnswer(response)).error.code).toBe(40300);
  });

  it.each(["same-origin", "same-site", "none"])(
    "with Sec-Fetch-Site: %s is answered",
    async (site) => {
      expect((await ask("", { headers: { "sec-fetch-site": site } })).status).toBe(200);
    },
  );
});

it("is rate limited by IP and domain", () => {
  expect(config.rateLimit).toMatchObject({ aggregateBy: ["ip", "domain"] });
  expect(config.rateLimit?.windowSize).toBeLessThanOrEqual(MAX_RATE_LIMIT_WINDOW_S);
});
