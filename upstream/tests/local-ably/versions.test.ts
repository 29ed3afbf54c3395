import Ably from "ably";
import { describe, expect, it } from "vitest";
import { Action, MessageAction } from "../../../local-ably/protocol.ts";
import {
  FORMATS,
  Inbox,
  RawClient,
  keepAway,
  next,
  realtime,
  refusal,
  rest,
  start,
} from "./harness.ts";

const all = (message: Ably.InboundMessage) => [message.action, message.name, message.data];

describe.each(FORMATS)("a message in %s", (format) => {
  async function published(data: unknown = "one") {
    const server = await start();
    const ada = realtime(server, { format, params: { clientId: "ada" } });
    const channel = ada.channels.get("c");
    const { serials } = await channel.publish("name", data);
    return { server, ada, channel, serial: serials[0] ?? "" };
  }

  async function subscribed(server: { port: number }, params: Ably.ChannelParams = {}) {
    const seen = new Inbox<Ably.InboundMessage>();
    await realtime(server, { format }).channels.get("c", { params }).subscribe(seen.add);
    return seen;
  }

  it("is updated for subscribers, with what the update leaves out kept", async () => {
    const { server, channel, serial } = await published();
    const seen = await subscribed(server);
    const operation = { description: "typo", metadata: { reason: "spelling" } };
    const { versionSerial } = await channel.updateMessage({ serial, data: { b: 2 } }, operation);
    const [update] = await seen.atLeast(1);
    expect(update).toMatchObject({
      action: "message.update",
      serial,
      name: "name",
      data: { b: 2 },
      clientId: "ada",
      version: { ...operation, serial: versionSerial, clientId: "ada" },
    });
    expect(String(versionSerial) > serial).toBe(true);
    expect(update?.version.timestamp).toBeGreaterThanOrEqual(update?.timestamp ?? Infinity);
  });

  it("is deleted softly: history gives the deletion in the place of the message", async () => {
    const { server, channel, serial } = await published();
    await channel.publish("second", "");
    const seen = await subscribed(server);
    await channel.deleteMessage({ serial, data: "" }, { description: "gone" });
    expect((await seen.atLeast(1)).map(all)).toEqual([["message.delete", "name", ""]]);
    const { items } = await channel.history({ direction: "forwards" });
    expect(items.map(all)).toEqual([
      ["message.delete", "name", ""],
      ["message.create", "second", ""],
    ]);
  });

  it("can be changed over REST, too", async () => {
    const { server, serial } = await published();
    const seen = await subscribed(server);
    const channel = rest(server, { format, params: { clientId: "*" } }).channels.get("c");
    const { versionSerial } = await channel.updateMessage(
      { serial, data: "two" },
      { clientId: "moderator" },
    );
    await channel.appendMessage({ serial, data: "!" });
    await channel.deleteMessage({ serial });
    const messages = await seen.atLeast(3);
    expect(messages.map(all)).toEqual([
      ["message.update", "name", "two"],
      ["message.append", "name", "!"],
      ["message.delete", "name", "two!"],
    ]);
    expect(messages[0]?.version).toMatchObject({ serial: versionSerial, clientId: "moderator" });
  });

  it("grows by appends: subscribers get increments, history gets the whole", async () => {
    const { server, channel, serial } = await published("Hello");
    const late = await subscribed(server);
    for (const data of [", ", "world", "!"]) await channel.appendMessage({ serial, data });
    expect((await late.atLeast(3)).map(all)).toEqual([
      // It has not received the message: the first append is the whole.
      ["message.update", "name", "Hello, "],
      ["message.append", "name", "world"],
      ["message.append", "name", "!"],
    ]);
    const latest = await channel.getMessage(serial);
    expect(latest).toMatchObject({ action: "message.update", name: "name", data: "Hello, world!" });
    expect(late.all.at(-1)?.version.serial).toBe(latest.version?.serial);
  });

  it("arrives whole after each append with appendMode=full", async () => {
    const server = await start();
    const seen = await subscribed(server, { appendMode: "full" });
    const channel = realtime(server, { format }).channels.get("c");
    const { serials } = await channel.publish("n", "a");
    await channel.appendMessage({ serial: serials[0] ?? "", data: "b" });
    expect((await seen.atLeast(2)).map(all)).toEqual([
      ["message.create", "n", "a"],
      ["message.update", "n", "ab"],
    ]);
  });

  it("appends binary to binary, and refuses any other mixture with 40013", async () => {
    const { channel, serial } = await published(Buffer.from([1]));
    await channel.appendMessage({ serial, data: Buffer.from([2]) });
    const { data } = await channel.getMessage(serial);
    expect([...new Uint8Array(data)]).toEqual([1, 2]);
    const { serials } = await channel.publish("json", { a: 1 });
    for (const target of [serial, serials[0] ?? ""]) {
      const error = await refusal(channel.appendMessage({ serial: target, data: "text" }));
      expect(error).toMatchObject({ code: 40013, statusCode: 400 });
    }
  });

  it("has all its versions, appends in a row as one, with paging", async () => {
    const { channel, serial } = await published("1");
    await channel.updateMessage({ serial, data: "2" });
    await channel.appendMessage({ serial, data: "3" });
    await channel.appendMessage({ serial, data: "4" });
    await channel.updateMessage({ serial, data: "5" });
    const first = await channel.getMessageVersions(serial, { limit: 3 });
    const second = await first.next();
    expect(first.items.map(({ data }) => data)).toEqual(["1", "2", "234"]);
    expect(second?.items.map(({ data }) => data)).toEqual(["5"]);
    expect(new Set(first.items.map((version) => version.serial))).toEqual(new Set([serial]));
  });

  it("comes in its latest version from rewind and history", async () => {
    const { server, channel, serial } = await published("old");
    await channel.publish("other", "x");
    await channel.updateMessage({ serial, data: "new" });
    const seen = await subscribed(server, { rewind: "2" });
    expect((await seen.atLeast(2)).map(all)).toEqual([
      ["message.update", "name", "new"],
      ["message.create", "other", "x"],
    ]);
    const { items } = await rest(server, { format }).channels.get("c").history();
    expect(items.map(({ data }) => data)).toEqual(["x", "new"]);
  });

  it("reaches a client that resumes in its latest version", async () => {
    const { server, channel, serial } = await published("old");
    const reader = realtime(server, { format, disconnectedRetryTimeout: 50 });
    const seen = new Inbox<Ably.InboundMessage>();
    await reader.channels.get("c").subscribe(seen.add);
    const letBack = await keepAway(reader, server);
    await channel.updateMessage({ serial, data: "new" });
    await channel.appendMessage({ serial, data: "er" });
    const attached = next<Ably.ChannelStateChange>(reader.channels.get("c"), "attached");
    letBack();
    expect((await attached).resumed).toBe(true);
    expect((await seen.atLeast(2)).at(-1)?.data).toBe("newer");
  });

  it("that a client received can be passed back to change it", async () => {
    const { server, channel } = await published("one");
    const [message] = (await channel.history()).items;
    const admin = rest(server, { format, params: { clientId: "admin" } }).channels.get("c");
    await admin.deleteMessage({ ...message, data: "" } as Ably.Message);
    const latest = await channel.getMessage(message?.serial ?? "");
    expect(latest).toMatchObject({ clientId: "ada", version: { clientId: "admin" } });
  });

  it("that is not kept is refused with 40400", async () => {
    const { channel } = await published();
    const serial = "00000000000001-000000@no:000000";
    for (const attempt of [
      () => channel.updateMessage({ serial, data: "" }),
      () => channel.getMessage(serial),
      () => channel.getMessageVersions(serial),
    ]) {
      expect(await refusal(attempt())).toMatchObject({ code: 40400, statusCode: 404 });
    }
  });

  it.each([
    ["update-own", "ada", "updateMessage", true],
    ["update-own", "ada", "appendMessage", true],
    ["update-own", "ada", "deleteMessage", false],
    ["update-own", "bob", "updateMessage", false],
    ["update-any", "bob", "updateMessage", true],
    ["delete-own", "ada", "deleteMessage", true],
    ["delete-own", "bob", "deleteMessage", false],
    ["delete-any", "bob", "deleteMessage", true],
    ["delete-any", "bob", "updateMessage", false],
  ] as const)("with message-%s lets %s %s: %s", async (operation, clientId, method, isAllowed) => {
    const { server, serial } = await published();
    const capability = { c: ["publish" as const, `message-${operation}` as const] };
    const params = { clientId, capability: JSON.stringify(capability) };
    for (const client of [rest(server, { format, params }), realtime(server, { format, params })]) {
      const change = client.channels.get("c")[method]({ serial, data: "" });
      if (isAllowed) await change;
      else expect(await refusal(change)).toMatchObject({ code: 40160, statusCode: 401 });
    }
  });
});

describe("A change on the protocol level", () => {
  it("that is sent again after a drop is applied once", async () => {
    const server = await start();
    const first = new RawClient(server);
    const { connectionDetails } = await first.next();
    const frame = { action: Action.MESSAGE, channel: "c", msgSerial: 0 };
    const created = await first.ask({ ...frame, messages: [{ data: "a" }] });
    const [{ serials }] = created.res as [{ serials: string[] }];
    const messages = [{ serial: serials[0], action: MessageAction.APPEND, data: "b" }];
    const append = { ...frame, msgSerial: 1, messages };
    const ack = await first.ask(append);
    first.socket.terminate();
    await first.closed;
    const second = new RawClient(server, { resume: String(connectionDetails?.connectionKey) });
    await second.next();
    expect(await second.ask(append)).toEqual(ack);
    expect((await rest(server).channels.get("c").history()).items[0]?.data).toBe("ab");
  });

  it.each([
    [
      "several messages",
      [
        { action: 1, serial: "s" },
        { action: 1, serial: "s" },
      ],
    ],
    ["a summary", [{ action: MessageAction.SUMMARY, serial: "s" }]],
    ["an unknown action", [{ action: 9, serial: "s" }]],
  ])("of %s is refused with 40000", async (_what, messages) => {
    const client = new RawClient(await start());
    await client.next();
    const nack = await client.ask({ action: Action.MESSAGE, channel: "c", msgSerial: 0, messages });
    expect(nack).toMatchObject({ action: Action.NACK, error: { code: 40000 } });
  });

  it("that makes the message too large is refused with 40009", async () => {
    const server = await start({ maxMessageSize: 100 });
    const channel = rest(server).channels.get("c");
    const { serials } = await channel.publish("", "x".repeat(60));
    const serial = serials[0] ?? "";
    for (const change of [
      channel.appendMessage({ serial, data: "x".repeat(60) }),
      channel.updateMessage({ serial }, { description: "x".repeat(101) }),
    ]) {
      expect(await refusal(change)).toMatchObject({ code: 40009, statusCode: 413 });
    }
  });
});
