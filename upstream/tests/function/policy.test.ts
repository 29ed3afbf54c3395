/** The function as it is shipped: anyone may claim a client ID, and use every room of the site. */
import type { Context } from "@netlify/functions";
import { afterEach, describe, expect, it, vi } from "vitest";
import ablyTokenRequest from "../../../netlify/functions/ably-token-request/index.ts";
import { identify } from "../../../netlify/functions/ably-token-request/identify.ts";
import { permit } from "../../../netlify/functions/ably-token-request/permit.ts";

const URL_ = "https://site.example/.netlify/functions/ably-token-request";
const OPERATIONS = ["history", "presence", "publish", "subscribe"];

const identifyFrom = async (query: string) =>
  (await identify(new Request(URL_ + query), {} as Context)).clientId;

afterEach(() => vi.unstubAllEnvs());

describe("the visitor", () => {
  it("is who the query says", async () => {
    expect(await identifyFrom("?clientId=ada")).toBe("ada");
    expect(await identifyFrom("?clientId=")).toBe("");
  });

  it("is DEFAULT_CLIENT_ID if the query has none", async () => {
    vi.stubEnv("DEFAULT_CLIENT_ID", "guest");
    expect(await identifyFrom("")).toBe("guest");
  });

  it.each([undefined, "", "  "])("is NO_CLIENT_ID if DEFAULT_CLIENT_ID is %j", async (value) => {
    vi.stubEnv("DEFAULT_CLIENT_ID", value);
    expect(await identifyFrom("")).toBe("NO_CLIENT_ID");
  });

  it("is refused as a wildcard in DEFAULT_CLIENT_ID too", async () => {
    vi.stubEnv("ABLY_API_KEY", "appId.keyId:top-secret-part");
    vi.stubEnv("DEFAULT_CLIENT_ID", "*");
    expect((await ablyTokenRequest(new Request(URL_), {} as Context)).status).toBe(403);
  });
});

it.each([
  ["production", "room:*"],
  [undefined, "room:*"],
  ["deploy-preview", "room-preview:*"],
  ["dev", "room-preview:*"],
])(
  "everyone may read and write in every room of the deploy context %s",
  async (context, channels) => {
    expect(await permit({ clientId: "ada" }, context)).toEqual({ [channels]: OPERATIONS });
  },
);
