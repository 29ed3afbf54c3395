import { afterEach, describe, expect, it, vi } from "vitest";
import { TokenRequests, type TokenStep } from "../../src/realtime/token-requests.ts";

const AUTH_URL = "/.netlify/functions/ably-token-request";
const ABLY_URL = "https://main.realtime.ably.net/keys/a.b/requestToken";

afterEach(() => vi.unstubAllGlobals());

/** A client's two requests, answered by `respond`. */
function setUp(respond: () => Response) {
  vi.stubGlobal("fetch", async () => respond());
  const steps: TokenStep[] = [];
  const requests = new TokenRequests(AUTH_URL, (step) => steps.push(step));
  const call = (url: string) => requests.fetch("get", null, url, {}, { clientId: "ada" });
  return { requests, call, steps };
}

const html = (status: number) =>
  new Response("<p>", { status, headers: { "content-type": "text/html" } });

describe("the function", () => {
  it("is reported when it is called, and when it has answered", async () => {
    const { call, steps, requests } = setUp(() => Response.json({ nonce: "n" }));
    expect((await call(AUTH_URL)).body).toEqual({ nonce: "n" });
    expect(steps).toEqual([
      { type: "function-called" },
      { type: "function-answered", ms: expect.any(Number), isSigned: true },
    ]);
    expect(requests.lastResponse).toEqual({ from: "function", status: 200, hasErrorCode: false });
  });

  it("is known by its address, whose query the SDK sends apart", async () => {
    vi.stubGlobal("fetch", async () => Response.json({ nonce: "n" }));
    const requests = new TokenRequests(`${AUTH_URL}?team=1`, () => {});
    await requests.fetch("get", null, AUTH_URL, {}, { team: "1" });
    expect(requests.lastResponse).toMatchObject({ from: "function" });
  });

  it("is known by the header of its errors", async () => {
    const headers = { "x-ably-errorcode": "40106" };
    const body = { error: { code: 40106, statusCode: 500, message: "no key" } };
    const { call, steps, requests } = setUp(() => Response.json(body, { status: 500, headers }));
    expect((await call(AUTH_URL)).error).toMatchObject({ code: 40106 });
    expect(steps.at(-1)).toMatchObject({ type: "function-answered", isSigned: false });
    expect(requests.lastResponse).toEqual({ from: "function", status: 500, hasErrorCode: true });
  });

  it("is told from Netlify, which answers without a code", async () => {
    const { call, requests } = setUp(() => html(404));
    expect((await call(AUTH_URL)).error).toBeTruthy();
    expect(requests.lastResponse).toEqual({ from: "function", status: 404, hasErrorCode: false });
  });

  it("is told from a page in its place, which ably-js then refuses as a token", async () => {
    const { call, steps } = setUp(() => html(200));
    expect(await call(AUTH_URL)).toMatchObject({ body: "<p>", unpacked: false });
    expect(steps.at(-1)).toMatchObject({ isSigned: false });
  });

  it("has no status if it cannot be reached", async () => {
    const { call, requests } = setUp(() => {
      throw new TypeError("Failed to fetch");
    });
    expect((await call(AUTH_URL)).error).toBeTruthy();
    expect(requests.lastResponse).toEqual({ from: "function", hasErrorCode: false });
  });
});

it("knows who answered only for an error that no token could be obtained", async () => {
  const { call, requests } = setUp(() => html(404));
  await call(AUTH_URL);
  expect(requests.responseTo({ code: 80019 })).toMatchObject({ from: "function", status: 404 });
  expect(requests.responseTo({ code: 80003 })).toBeUndefined();
});

describe("Ably", () => {
  it("is reported when it has issued a token, with its end", async () => {
    const { call, steps, requests } = setUp(() => Response.json({ token: "t", expires: 5 }));
    const tokens: unknown[] = [];
    requests.onToken = (token) => tokens.push(token);
    await call(ABLY_URL);
    expect(tokens).toEqual([{ token: "t", expires: 5 }]);
    expect(steps).toEqual([{ type: "token-issued", ms: expect.any(Number), expires: 5 }]);
    expect(requests.lastResponse?.from).toBe("ably");
  });

  it("is to blame for its refusal", async () => {
    const headers = { "x-ably-errorcode": "40104" };
    const body = { error: { code: 40104, statusCode: 401, message: "Timestamp not current" } };
    const { call, steps, requests } = setUp(() => Response.json(body, { status: 401, headers }));
    await call(ABLY_URL);
    expect(steps).toEqual([]);
    expect(requests.lastResponse).toEqual({ from: "ably", status: 401, hasErrorCode: true });
  });

  it("is not concerned by other requests", async () => {
    const { call, requests } = setUp(() => html(200));
    await call("https://internet-up.ably-realtime.com/is-the-internet-up.txt");
    expect(requests.lastResponse).toBeUndefined();
  });
});
