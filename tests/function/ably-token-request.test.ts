import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Context } from "@netlify/functions";
import ablyTokenRequest, { config } from "../../netlify/functions/ably-token-request/index.ts";
import { LOCAL_ABLY_KEY } from "../../netlify/functions/ably-token-request/key.ts";

const KEY = "appId.keyId:top-secret-part";
const URL_ = "https://site.example/.netlify/functions/ably-token-request";

function ask(query = "", init: RequestInit = {}): Promise<Response> {
  return ablyTokenRequest(new Request(URL_ + query, init), {} as Context);
}

type Body = Record<string, unknown> & { error: Record<string, unknown> };

async function bodyOf(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

beforeEach(() => {
  vi.stubEnv("ABLY_API_KEY", KEY);
  vi.stubEnv("DEFAULT_CLIENT_ID", undefined);
  vi.stubEnv("NETLIFY_DEV", undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a token request", () => {
  it.each(["ada", "Zoë 🦦 <b>"])("is signed for %s, and never cached", async (name) => {
    const response = await ask(`?${new URLSearchParams({ clientId: name })}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const { keyName, clientId, capability, timestamp, nonce, mac } = await bodyOf(response);
    expect({ keyName, clientId }).toEqual({ keyName: "appId.keyId", clientId: name });
    expect(Math.abs(Number(timestamp) - Date.now())).toBeLessThan(60_000);

    // Written out from https://ably.com/docs/api/token-request-spec: ttl is omitted, so empty.
    const signed = `appId.keyId\n\n${capability}\n${name}\n${timestamp}\n${nonce}\n`;
    const expected = createHmac("sha256", "top-secret-part").update(signed).digest("base64");
    expect(mac).toBe(expected);
  });

  it("allows what the page does, on the channels of this app, and nothing else", async () => {
    const { capability } = await bodyOf(await ask());
    expect(capability).toBe('{"room:*":["history","presence","publish","subscribe"]}');
  });

  it("takes no other parameter from the caller", async () => {
    const query = new URLSearchParams({
      clientId: "ada",
      capability: '{"*":["*"]}',
      ttl: "999999999",
      timestamp: "1",
      nonce: "0123456789abcdef",
      keyName: "other.key",
    });
    const body = await bodyOf(await ask(`?${query}`));
    expect(body.capability).toBe('{"room:*":["history","presence","publish","subscribe"]}');
    expect(body).not.toHaveProperty("ttl");
    expect(body.timestamp).not.toBe("1");
    expect(body.nonce).not.toBe("0123456789abcdef");
    expect(body.keyName).toBe("appId.keyId");
  });

  it("has a nonce of its own each time", async () => {
    const [one, other] = await Promise.all([ask().then(bodyOf), ask().then(bodyOf)]);
    expect(one.nonce).not.toBe(other.nonce);
  });
});

describe("the clientId", () => {
  it("is DEFAULT_CLIENT_ID if the query has none", async () => {
    vi.stubEnv("DEFAULT_CLIENT_ID", "guest");
    expect((await bodyOf(await ask())).clientId).toBe("guest");
  });

  it.each([undefined, "", "  "])("is NO_CLIENT_ID if that is %j", async (value) => {
    vi.stubEnv("DEFAULT_CLIENT_ID", value);
    expect((await bodyOf(await ask())).clientId).toBe("NO_CLIENT_ID");
  });

  it("may be any text, as it is", async () => {
    const clientId = "Zoë 🦦 <b>";
    const response = await ask(`?${new URLSearchParams({ clientId })}`);
    expect((await bodyOf(response)).clientId).toBe(clientId);
  });

  it.each([
    ["a wildcard", "*"],
    ["empty", ""],
    ["blank", "   "],
    ["longer than 128 characters", "x".repeat(129)],
    ["with a control character", "a\u0000b"],
    ["with a line break", "a\nb"],
  ])("is refused with 403 if it is %s", async (_what, clientId) => {
    const response = await ask(`?${new URLSearchParams({ clientId })}`);
    expect(response.status).toBe(403);
    expect(response.headers.get("x-ably-errorcode")).toBe("40012");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const { error } = await bodyOf(response);
    expect(error).toMatchObject({ code: 40012, statusCode: 403 });
    expect(error.href).toBe("https://help.ably.io/error/40012");
    expect(error.message).toMatch(/^The clientId was refused: /);
  });

  it("is refused as a wildcard in DEFAULT_CLIENT_ID too", async () => {
    vi.stubEnv("DEFAULT_CLIENT_ID", "*");
    expect((await ask()).status).toBe(403);
  });

  it("of 128 characters is accepted", async () => {
    expect((await ask(`?clientId=${"x".repeat(128)}`)).status).toBe(200);
  });
});

describe("the key", () => {
  it.each([undefined, "", "   "])("as %j gives 500 that says where to set it", async (value) => {
    vi.stubEnv("ABLY_API_KEY", value);
    const response = await ask();
    expect(response.status).toBe(500);
    expect(response.headers.get("x-ably-errorcode")).toBe("40106");
    const { message } = (await bodyOf(response)).error;
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
  ])("as %j gives 500 and is not repeated", async (value) => {
    vi.stubEnv("ABLY_API_KEY", value);
    const response = await ask();
    expect(response.status).toBe(500);
    expect(response.headers.get("x-ably-errorcode")).toBe("40101");
    const text = await response.text();
    expect(text).toContain("appId.keyId:secret");
    expect(text).not.toContain("top-secret-part");
    expect(text).not.toContain("your-key-here");
  });

  it("may have white space around it, as a paste often does", async () => {
    vi.stubEnv("ABLY_API_KEY", ` ${KEY}\n`);
    expect((await bodyOf(await ask())).keyName).toBe("appId.keyId");
  });

  it("is the local one under netlify dev if there is none", async () => {
    vi.stubEnv("ABLY_API_KEY", " ");
    vi.stubEnv("NETLIFY_DEV", "true");
    expect((await bodyOf(await ask())).keyName).toBe(LOCAL_ABLY_KEY.split(":")[0]);
  });

  it("is ABLY_API_KEY under netlify dev if that is set, even wrongly", async () => {
    vi.stubEnv("NETLIFY_DEV", "true");
    expect((await bodyOf(await ask())).keyName).toBe("appId.keyId");
    vi.stubEnv("ABLY_API_KEY", "wrong");
    expect((await ask()).status).toBe(500);
  });

  it("never appears in any answer", async () => {
    for (const query of ["", "?clientId=*", "?clientId=ada"]) {
      for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) {
        const response = await ask(query, { method });
        const seen = (await response.text()) + JSON.stringify([...response.headers]);
        expect(seen).not.toContain("top-secret-part");
      }
    }
  });
});

describe("the request", () => {
  it.each(["POST", "PUT", "PATCH", "DELETE"])("by %s gives 405", async (method) => {
    const response = await ask("?clientId=ada", { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect((await bodyOf(response)).error.statusCode).toBe(405);
  });

  it("by OPTIONS says what is allowed", async () => {
    const response = await ask("", { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  it.each([
    ["?clientId=ada", 200],
    ["?clientId=*", 403],
  ])("by HEAD %s gives the status and headers of GET, without a body", async (query, status) => {
    const [head, get] = await Promise.all([ask(query, { method: "HEAD" }), ask(query)]);
    expect(head.status).toBe(status);
    expect([...head.headers]).toEqual([...get.headers]);
    expect(await head.text()).toBe("");
  });

  it("from another site's page gives 403", async () => {
    const response = await ask("", { headers: { "sec-fetch-site": "cross-site" } });
    expect(response.status).toBe(403);
    expect((await bodyOf(response)).error.code).toBe(40300);
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
  expect(config.rateLimit?.windowSize).toBeLessThanOrEqual(180);
});
