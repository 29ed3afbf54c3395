import { decode } from "@msgpack/msgpack";
import Ably from "ably";
import { describe, expect, it } from "vitest";
import { FORMATS, Inbox, LOCAL_KEY, connected, realtime, refusal, rest, start } from "./harness.ts";

const CONTENT_TYPE = { json: "application/json", msgpack: "application/x-msgpack" };

describe.each(FORMATS)("REST in %s", (format) => {
  it("has the time, without credentials", async () => {
    const server = await start();
    const before = Date.now();
    const time = await rest(server, { format }).time();
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
    const response = await fetch(`${server.url}/time`, {
      headers: { accept: CONTENT_TYPE[format] },
    });
    expect(response.headers.get("content-type")).toBe(CONTENT_TYPE[format]);
    const bytes = Buffer.from(await response.arrayBuffer());
    const body: unknown = format === "json" ? JSON.parse(String(bytes)) : decode(bytes);
    expect(body).toEqual([expect.any(Number)]);
  });

  it("publishes one message or several, and answers 201 with their serials", async () => {
    const server = await start();
    const client = rest(server, { format });
    const seen = new Inbox<Ably.InboundMessage>();
    await realtime(server, { format }).channels.get("c").subscribe(seen.add);
    const post = (body: unknown) => client.request("POST", "/channels/c/messages", 3, {}, body, {});
    const one = await post({ name: "0", data: "x" });
    const several = await post([{ name: "1" }, { name: "2" }]);
    const messages = await seen.atLeast(3);
    expect([one.statusCode, several.statusCode]).toEqual([201, 201]);
    expect(messages.map(({ name }) => name)).toEqual(["0", "1", "2"]);
    const serials = messages.map(({ serial }) => serial);
    expect(one.items).toEqual([
      { channel: "c", messageId: messages[0]?.id, serials: serials.slice(0, 1) },
    ]);
    expect(several.items[0].serials).toEqual(serials.slice(1));
  });

  it("publishes a message with an id once", async () => {
    const channel = rest(await start(), { format }).channels.get("c");
    for (const data of ["1", "2", "3"]) await channel.publish({ id: "mine", data });
    const array = [{ id: "base:0" }, { id: "base:1" }];
    for (let i = 0; i < 2; i++) await channel.publish(array);
    const { items } = await channel.history({ direction: "forwards" });
    expect(items.map(({ id, data }) => [id, data])).toEqual([
      ["mine", "1"],
      ["base:0", undefined],
      ["base:1", undefined],
    ]);
  });

  it.each([
    ["ids that do not count up", [{ id: "a:0" }, { id: "a:2" }], 40031],
    ["ids for some only", [{ id: "a:0" }, {}], 40031],
    ["an empty id", [{ id: "" }], 40031],
    ["an id that is no string", [{ id: 5 }], 40031],
    ["extras of one's own", [{ extras: { mine: 1 } }], 40032],
    ["headers that are no map", [{ extras: { headers: [1] } }], 40032],
    ["headers that nest", [{ extras: { headers: { a: { b: 1 } } } }], 40032],
    ["a name that is no string", [{ name: 7 }], 40016],
    ["data that is neither string nor binary", [{ data: 7 }], 40013],
    ["a clientId that is no string", [{ clientId: 7 }], 40012],
    ["no message at all", [], 40000],
  ])("refuses %s", async (_what, body, code) => {
    const client = rest(await start(), { format });
    const { success, statusCode, errorCode } = await client.request(
      "POST",
      "/channels/c/messages",
      3,
      {},
      body,
      {},
    );
    expect([success, statusCode, errorCode]).toEqual([false, 400, code]);
  });

  it("adds the clientId, and refuses another one with 40012", async () => {
    const server = await start();
    const channel = rest(server, { format, params: { clientId: "ada" } }).channels.get("c");
    await channel.publish("n", "");
    expect((await channel.history()).items[0]?.clientId).toBe("ada");
    const error = await refusal(channel.publish({ clientId: "bob" }));
    expect(error).toMatchObject({ code: 40012, statusCode: 400 });
  });

  it("publishes for a connection with its connectionKey", async () => {
    const server = await start();
    const ada = await connected(realtime(server, { format, params: { clientId: "ada" } }));
    const channel = rest(server, { format, params: { clientId: "*" } }).channels.get("c");
    const connectionKey = ada.connection.key ?? "";
    await channel.publish({ name: "n", connectionKey } as Ably.Message);
    const [message] = (await channel.history()).items;
    expect(message).toMatchObject({ clientId: "ada", connectionId: ada.connection.id });
    expect(message).not.toHaveProperty("connectionKey");
    await ada.channels.get("c").publish({ name: "live", connectionKey } as Ably.Message);
    expect((await channel.history()).items[0]).not.toHaveProperty("connectionKey");
    const bob = rest(server, { format, params: { clientId: "bob" } }).channels.get("c");
    for (const [from, key] of [
      [channel, "no!such!key!1"],
      [bob, connectionKey],
    ] as const) {
      const error = await refusal(from.publish({ name: "n", connectionKey: key } as Ably.Message));
      expect(error).toMatchObject({ code: 40006, statusCode: 400 });
    }
  });

  it("refuses names of channels that are not valid", async () => {
    const { channels } = rest(await start(), { format });
    for (const name of ["", ":x", "[nonsense]c"]) {
      const error = await refusal(channels.get(name).publish("n", ""));
      expect(error).toMatchObject({ code: 40010, statusCode: 400 });
    }
    await channels.get("a/b c?d").publish("n", "");
    expect((await channels.get("a/b c?d").history()).items).toHaveLength(1);
  });

  it("has the status of a channel", async () => {
    const server = await start();
    const ada = realtime(server, { format, params: { clientId: "ada" } }).channels.get("c");
    await ada.presence.enter();
    await realtime(server, { format })
      .channels.get("c", { modes: ["SUBSCRIBE"] })
      .attach();
    const details = await rest(server, { format }).channels.get("c").status();
    expect(details).toMatchObject({
      channelId: "c",
      status: {
        isActive: true,
        occupancy: {
          metrics: {
            connections: 2,
            publishers: 1,
            subscribers: 2,
            presenceConnections: 1,
            presenceMembers: 1,
            presenceSubscribers: 1,
          },
        },
      },
    });
  });

  it("has pages for request()", async () => {
    const client = rest(await start(), { format });
    for (const name of ["0", "1", "2"]) await client.channels.get("c").publish(name, "");
    const first = await client.request("GET", "/channels/c/messages", 3, { limit: 2 }, null, {});
    const second = await first.next();
    expect([first, second].map((page) => page?.items.map(({ name }) => name))).toEqual([
      ["2", "1"],
      ["0"],
    ]);
    expect(second?.hasNext()).toBe(false);
  });

  // What is not supported: see local-ably/README.md.
  it.each([
    ["GET", "/stats", 404, 40400],
    ["GET", "/no/such/path", 404, 40400],
    ["POST", "/push/publish", 404, 40400],
    ["GET", "/push/deviceRegistrations", 404, 40400],
    ["POST", "/keys/local.dev/revokeTokens", 401, 40162],
    ["POST", "/apps", 404, 40400],
    ["GET", "/channels", 404, 40400],
    ["GET", "/chat/4/rooms/r/messages", 404, 40400],
    ["GET", "/channels/c/objects", 404, 40400],
    ["PATCH", "/channels/c/messages/serial", 400, 40000],
    ["GET", "/channels/c/messages/serial", 404, 40400],
    ["GET", "/channels/c/messages/serial/versions", 404, 40400],
  ] as const)("refuses %s %s with a code", async (method, path, statusCode, errorCode) => {
    const client = rest(await start(), { format });
    const answer = await client.request(method, path, 3, {}, method === "GET" ? null : {}, {});
    expect(answer).toMatchObject({ success: false, statusCode, errorCode });
    expect(answer.errorMessage).not.toBe("");
  });

  it("has errors in headers and, in the requested format, in the body", async () => {
    const { url } = await start();
    const response = await fetch(`${url}/nothing`, { headers: { accept: CONTENT_TYPE[format] } });
    expect(response.headers.get("content-type")).toBe(CONTENT_TYPE[format]);
    const bytes = Buffer.from(await response.arrayBuffer());
    const body: unknown = format === "json" ? JSON.parse(String(bytes)) : decode(bytes);
    expect(body).toEqual({
      error: {
        code: 40400,
        statusCode: 404,
        message: expect.stringContaining("GET /nothing"),
        href: "https://help.ably.io/error/40400",
      },
    });
    expect(response.headers.get("x-ably-errormessage")).toContain("GET /nothing");
  });
});

describe("REST for browsers", () => {
  it("can be called by any page, which can read the headers", async () => {
    const { url } = await start();
    const preflight = await fetch(`${url}/channels/c/messages`, {
      method: "OPTIONS",
      headers: {
        origin: "http://localhost:3000",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-ably-version",
      },
    });
    expect(preflight.status).toBe(204);
    const { headers } = preflight;
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-allow-methods")).toContain("POST");
    expect(headers.get("access-control-allow-headers")).toBe("authorization,x-ably-version");
    const answer = await fetch(`${url}/nothing`);
    const exposed = answer.headers.get("access-control-expose-headers")?.toLowerCase() ?? "";
    for (const name of ["link", "x-ably-errorcode", "x-ably-errormessage"]) {
      expect(exposed).toContain(name);
    }
  });

  it("refuses a body that does not match its content type with 40000", async () => {
    const { url } = await start();
    const response = await fetch(`${url}/channels/c/messages?key=${LOCAL_KEY}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "not JSON",
    });
    expect([response.status, response.headers.get("x-ably-errorcode")]).toEqual([400, "40000"]);
  });

  it("refuses a path that cannot be decoded", async () => {
    const { url } = await start();
    const response = await fetch(`${url}/channels/%E0%A4%A/messages?key=${LOCAL_KEY}`);
    expect(response.status).toBe(400);
    expect((await fetch(`${url}/time`)).status).toBe(200);
  });
});
