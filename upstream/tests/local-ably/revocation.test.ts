import Ably from "ably";
import { describe, expect, it, vi } from "vitest";
import { Action } from "../../../local-ably/protocol.ts";
import {
  FORMATS,
  LOCAL_KEY,
  RawClient,
  advanceClock,
  connected,
  inSeconds,
  jwt,
  next,
  reached,
  realtime,
  start,
} from "./harness.ts";

type Server = Awaited<ReturnType<typeof start>>;

/** Without TLS, ably-js does not send a key. */
async function revoke(
  server: Server,
  body: object,
  { key = LOCAL_KEY, name = key.split(":")[0], headers = {} as Record<string, string> } = {},
) {
  const authorization = `Basic ${Buffer.from(key).toString("base64")}`;
  const response = await fetch(`${server.url}/keys/${name}/revokeTokens`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** Waits until tokens that exist now are older than the clock. */
const aMoment = () =>
  vi.waitUntil(
    (
      (since) => () =>
        Date.now() > since
    )(Date.now()),
  );

const tokenOf = (claims: object) => jwt({ iat: inSeconds(-60), exp: inSeconds(60), ...claims });

async function codeOf(server: Server, token: string): Promise<string | null> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${server.url}/channels/a:b/messages`, { headers });
  return response.headers.get("x-ably-errorcode");
}

describe.each(FORMATS)("revoked tokens in %s", (format) => {
  const member = (server: Server, clientId: string, options: Ably.ClientOptions = {}) =>
    connected(realtime(server, { format, params: { clientId }, ...options }));

  it("disconnect their client with 40141, which gets a new one and resumes", async () => {
    const server = await start();
    const [ada, bob] = [await member(server, "ada"), await member(server, "bob")];
    const { id } = ada.connection;
    const disconnected = next<Ably.ConnectionStateChange>(ada.connection, "disconnected");
    await aMoment();
    const { status, body } = await revoke(server, { targets: ["clientId:ada"] });
    expect(status).toBe(201);
    expect(body).toEqual({
      successCount: 1,
      failureCount: 0,
      results: [
        { target: "clientId:ada", issuedBefore: expect.any(Number), appliesAt: expect.any(Number) },
      ],
    });
    expect((await disconnected).reason).toMatchObject({ code: 40141, statusCode: 401 });
    await connected(ada);
    expect(ada.connection.id).toBe(id);
    await ada.channels.get("c").publish("n", "");
    expect(bob.connection.state).toBe("connected");
    expect(bob.connection.errorReason).toBeNull();
  });

  it("are refused with 40141 afterwards, over socket and REST", async () => {
    const server = await start();
    const token = tokenOf({ "x-ably-clientId": "ada" });
    await revoke(server, { targets: ["clientId:ada"] });
    const refused = await new RawClient(server, { key: "", access_token: token }).next();
    expect(refused).toMatchObject({ action: Action.ERROR, error: { code: 40141 } });
    // An SDK without the means to get another token gives up.
    await reached(realtime(server, { format, token }), "failed");
    expect(await codeOf(server, token)).toBe("40141");
  });

  it("can be renewed for 30 seconds with allowReauthMargin", async () => {
    const server = await start();
    const fixed = tokenOf({ "x-ably-clientId": "ada" });
    const renewed = tokenOf({ "x-ably-clientId": "ada", iat: inSeconds(1) });
    const tokens = [fixed, renewed];
    const authCallback: Ably.AuthOptions["authCallback"] = (_params, done) =>
      done(null, tokens.shift() ?? "");
    const client = await connected(realtime(server, { format, authCallback }));
    const before = Date.now();
    const updated = next<Ably.ConnectionStateChange>(client.connection, "update");
    const { body } = await revoke(server, { targets: ["clientId:ada"], allowReauthMargin: true });
    expect(body.results[0].appliesAt).toBeGreaterThanOrEqual(before + 30_000);
    expect((await updated).current).toBe("connected");
    expect(await codeOf(server, fixed)).toBeNull();
    advanceClock(31_000);
    expect(await codeOf(server, fixed)).toBe("40141");
    await client.channels.get("c").publish("n", "");
  });
});

describe("a revocation", () => {
  it.each([
    ["clientId:ada", { "x-ably-clientId": "ada" }, { "x-ably-clientId": "adam" }],
    ["revocationKey:team", { "x-ably-revocation-key": "team" }, { "x-ably-clientId": "team" }],
    [
      "channel:a:*",
      { "x-ably-capability": '{"a:*":["*"]}' },
      { "x-ably-capability": '{"a:b":["*"]}' },
    ],
  ])("of %s revokes those tokens only", async (target, claims, others) => {
    const server = await start();
    await revoke(server, { targets: [target] });
    expect(await codeOf(server, tokenOf(claims))).toBe("40141");
    expect(await codeOf(server, tokenOf(others))).toBeNull();
  });

  it("revokes only tokens that were issued before a time", async () => {
    const server = await start();
    const issuedBefore = Date.now() - 30_000;
    const { body } = await revoke(server, { targets: ["clientId:ada"], issuedBefore });
    expect(body.results[0].issuedBefore).toBe(issuedBefore);
    const claims = { "x-ably-clientId": "ada" };
    expect(await codeOf(server, tokenOf(claims))).toBe("40141");
    expect(await codeOf(server, tokenOf({ ...claims, iat: inSeconds(-20) }))).toBeNull();
  });

  it("reports each target that failed, and version 2 gets a flat list", async () => {
    const server = await start({ maxRevocations: 2 });
    const targets = ["clientId:ada", "nonsense:x", "clientId:", 5];
    const { status, body } = await revoke(server, { targets });
    expect([status, body.successCount, body.failureCount]).toEqual([201, 1, 3]);
    expect(body.results).toMatchObject([
      { target: "clientId:ada", appliesAt: expect.any(Number) },
      { target: "nonsense:x", error: { code: 40000, statusCode: 400 } },
      { target: "clientId:", error: { code: 40000 } },
      { target: 5, error: { statusCode: 400 } },
    ]);
    const headers = { "x-ably-version": "2" };
    const flat = await revoke(server, { targets: ["clientId:bob"] }, { headers });
    expect(flat.body).toMatchObject([{ target: "clientId:bob" }]);
    const full = await revoke(server, { targets: ["clientId:eve"] });
    expect(full.body.results[0].error).toMatchObject({ code: 42910, statusCode: 429 });
  });

  const now = Date.now();
  it.each([
    ["no targets", {}, 40000],
    ["an empty list", { targets: [] }, 40000],
    ["101 targets", { targets: Array(101).fill("clientId:ada") }, 40000],
    ["a time in the future", { targets: ["clientId:a"], issuedBefore: now + 60_000 }, 40003],
    ["a time over an hour ago", { targets: ["clientId:a"], issuedBefore: now - 3_700_000 }, 40003],
    ["a time that is no number", { targets: ["clientId:a"], issuedBefore: "then" }, 40003],
  ])("with %s is refused", async (_what, body, code) => {
    const answer = await revoke(await start(), body);
    expect([answer.status, answer.body.error.code]).toEqual([400, code]);
  });

  it("needs the key of the tokens, and revocableTokens in its options", async () => {
    const capability = { "*": ["*"] };
    const keys = ["a.one", "a.two"].map((name) => ({ name, secret: "s", capability }));
    const server = await start({}, [{ ...keys[0]!, revocableTokens: true }, keys[1]!]);
    const body = { targets: ["clientId:ada"] };
    const token = jwt({ iat: inSeconds(-1), exp: inSeconds(60) }, "a.one:s");
    const bearer = { authorization: `Bearer ${token}` };
    const answers = [
      await revoke(server, body, { key: "a.one:s" }),
      await revoke(server, body, { key: "a.two:s", name: "a.one" }),
      await revoke(server, body, { key: "a.one:s", headers: bearer }),
      await revoke(server, body, { key: "a.two:s" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 401, 401, 401]);
    const codes = answers.map((answer) => answer.body.error?.code);
    expect(codes).toEqual([undefined, 40133, 40162, 40163]);
  });
});
