import Ably from "ably";
import { describe, expect, it } from "vitest";
import { FORMATS, Inbox, connected, realtime, refusal, rest, start } from "./harness.ts";

describe.each(FORMATS)("messages in %s", (format) => {
  it("arrive everywhere once, in order, with their sender", async () => {
    const server = await start();
    const ada = realtime(server, { format, params: { clientId: "ada" } });
    const bob = realtime(server, { format, params: { clientId: "bob" } });
    const seen = new Inbox<Ably.InboundMessage>();
    const own = new Inbox<Ably.InboundMessage>();
    await bob.channels.get("c").subscribe(seen.add);
    const channel = ada.channels.get("c");
    await channel.subscribe(own.add);
    for (let i = 0; i < 20; i++) await channel.publish(`n${i}`, { i });

    const messages = await seen.atLeast(20);
    expect(messages.map(({ name, data }) => [name, data])).toEqual(
      Array.from({ length: 20 }, (_, i) => [`n${i}`, { i }]),
    );
    expect((await own.atLeast(20)).map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
    expect(messages[0]).toMatchObject({
      clientId: "ada",
      connectionId: ada.connection.id,
      id: `${ada.connection.id}:0:0`,
      action: "message.create",
    });
    expect(messages.map(({ serial }) => serial)).toEqual(
      messages.map(({ serial }) => serial).toSorted(),
    );
  });

  it("are acknowledged with their serials, several in one frame", async () => {
    const server = await start();
    const client = realtime(server, { format });
    const channel = client.channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    const { serials } = await channel.publish([{ name: "a" }, { name: "b", data: "2" }]);
    const messages = await seen.atLeast(2);
    expect(serials).toEqual(messages.map(({ serial }) => serial));
    expect(messages.map(({ id }) => id)).toEqual([
      `${client.connection.id}:0:0`,
      `${client.connection.id}:0:1`,
    ]);
  });

  it("can be published without attaching", async () => {
    const server = await start();
    const seen = new Inbox<Ably.InboundMessage>();
    await realtime(server, { format }).channels.get("c").subscribe(seen.add);
    const publisher = realtime(server, { format }).channels.get("c");
    await publisher.publish("n", "text");
    expect(publisher.state).toBe("initialized");
    expect((await seen.atLeast(1))[0]?.data).toBe("text");
  });

  it("of every type arrive as they were sent", async () => {
    const server = await start();
    const seen = new Inbox<Ably.InboundMessage>();
    const others = Object.fromEntries(
      await Promise.all(
        FORMATS.map(async (other) => {
          const inbox = new Inbox<Ably.InboundMessage>();
          await realtime(server, { format: other }).channels.get("c").subscribe(inbox.add);
          return [other, inbox] as const;
        }),
      ),
    );
    const channel = realtime(server, { format }).channels.get("c");
    await channel.subscribe(seen.add);
    const bytes = Buffer.from([0, 1, 254, 255]);
    const sent = ["text", "", { a: [1, null, "ü🦦"] }, [1, 2], bytes, undefined];
    for (const data of sent)
      await channel.publish({ name: "n", data, extras: { headers: { h: "1" } } });
    for (const inbox of [seen, ...Object.values(others)]) {
      const messages = await inbox.atLeast(sent.length);
      expect(
        messages.map(({ data }) => (data instanceof ArrayBuffer ? Buffer.from(data) : data)),
      ).toEqual(sent);
      expect(messages[0]?.extras).toEqual({ headers: { h: "1" } });
    }
    const history = await rest(server, { format })
      .channels.get("c")
      .history({ direction: "forwards" });
    expect(history.items.map(({ data }) => data)).toEqual(sent);
  });

  it("with binary data are binary in msgpack and base64 in JSON, for every publisher", async () => {
    const server = await start();
    const bytes = Buffer.from([0, 1, 254, 255]);
    await rest(server, { format }).channels.get("c").publish("n", bytes);
    const stored = async (other: "json" | "msgpack") => {
      const path = "/channels/c/messages";
      const { items } = await rest(server, { format: other }).request("GET", path, 3);
      return items[0];
    };
    expect(await stored("json")).toMatchObject({
      data: bytes.toString("base64"),
      encoding: "base64",
    });
    const { data, encoding } = await stored("msgpack");
    expect([Buffer.from(data), encoding]).toEqual([bytes, undefined]);
  });

  it("with an unknown encoding arrive unchanged", async () => {
    const server = await start();
    const seen = new Inbox<Ably.InboundMessage>();
    const channel = realtime(server, { format }).channels.get("c");
    await channel.subscribe(seen.add);
    await channel.publish({ name: "n", data: "x", encoding: "unheard-of" });
    expect((await seen.atLeast(1))[0]).toMatchObject({ data: "x", encoding: "unheard-of" });
  });

  it("with an id are delivered once, and acknowledged each time", async () => {
    const server = await start();
    const seen = new Inbox<Ably.InboundMessage>();
    const channel = realtime(server, { format }).channels.get("c");
    await channel.subscribe(seen.add);
    const first = await channel.publish({ id: "mine", name: "n", data: "1" });
    const again = await channel.publish({ id: "mine", name: "n", data: "2" });
    await rest(server, { format }).channels.get("c").publish({ id: "mine", name: "n", data: "3" });
    await channel.publish("end", "");
    expect(
      (await seen.atLeast(2)).map(({ id, data, name }) => [name, data, id === "mine"]),
    ).toEqual([
      ["n", "1", true],
      ["end", "", false],
    ]);
    expect(again.serials).toEqual(first.serials);
  });

  it("do not return to their sender with echo off", async () => {
    const server = await start();
    const seen = new Inbox<Ably.InboundMessage>();
    const quiet = realtime(server, { format, echoMessages: false }).channels.get("c");
    await quiet.subscribe(seen.add);
    await quiet.publish("mine", "");
    await realtime(server, { format }).channels.get("c").publish("theirs", "");
    expect((await seen.atLeast(1)).map(({ name }) => name)).toEqual(["theirs"]);
  });

  it("over the size limit are refused with 40009, in the client and in local Ably", async () => {
    const server = await start({ maxMessageSize: 1_000 });
    const client = await connected(realtime(server, { format }));
    const channel = client.channels.get("c");
    expect((await refusal(channel.publish("n", "x".repeat(1_000)))).code).toBe(40009);
    const error = await refusal(
      rest(server, { format }).channels.get("c").publish("n", "x".repeat(1_000)),
    );
    expect(error).toMatchObject({ code: 40009, statusCode: 413 });
  });

  it("with another clientId are refused with 40012, except with a wildcard", async () => {
    const server = await start();
    const ada = realtime(server, { format, params: { clientId: "ada" } }).channels.get("c");
    const forged = await refusal(ada.publish({ name: "n", clientId: "bob" }));
    expect(forged).toMatchObject({ code: 40012, statusCode: 400 });
    const anyone = realtime(server, { format, params: { clientId: "*" } }).channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await anyone.subscribe(seen.add);
    await anyone.publish({ name: "n", clientId: "bob" });
    expect((await seen.atLeast(1))[0]?.clientId).toBe("bob");
  });

  it("above the rate are refused with 42911, and the others arrive", async () => {
    const server = await start({ maxInboundRate: 1 });
    const channel = realtime(server, { format }).channels.get("c");
    await channel.attach();
    const publishes = Array.from({ length: 9 }, (_, i) => ({ name: `${i}` }));
    await channel.publish(publishes.slice(0, 5));
    const results = await Promise.allSettled(publishes.slice(5).map((one) => channel.publish(one)));
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused.map(({ reason }) => reason.code)).toEqual([42911, 42911, 42911]);
  });

  it("in one frame are all refused if one has another clientId", async () => {
    const server = await start();
    const channel = realtime(server, { format, params: { clientId: "ada" } }).channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    const mixed = [{ name: "fine" }, { name: "forged", clientId: "bob" }];
    expect(await refusal(channel.publish(mixed))).toMatchObject({ code: 40012, statusCode: 400 });
    await channel.publish("after", "");
    expect((await seen.atLeast(1)).map(({ name }) => name)).toEqual(["after"]);
  });

  it("without name or data arrive without them, and empty ones arrive empty", async () => {
    const server = await start();
    const channel = realtime(server, { format }).channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    await channel.publish({ name: null as never, data: null });
    await channel.publish({ name: "", data: "", encoding: "" });
    expect((await seen.atLeast(2)).map(({ name, data }) => [name, data])).toEqual([
      [undefined, undefined],
      ["", ""],
    ]);
  });

  it("without mutableMessages cannot be updated, deleted, appended to or annotated: 93002", async () => {
    const server = await start({ mutableMessages: false });
    const client = await connected(realtime(server, { format }));
    const channel = client.channels.get("c");
    const { serials } = await channel.publish("n", "old");
    const serial = serials[0] ?? "";
    const message = { serial, data: "new" };
    const { channels } = rest(server, { format });
    const changes: (() => Promise<unknown>)[] = [
      () => channel.updateMessage(message),
      () => channel.deleteMessage(message),
      () => channel.appendMessage(message),
      () => channels.get("c").updateMessage(message),
      () => channels.get("c").deleteMessage(message),
      () => channels.get("c").getMessage(serial),
      () => channels.get("c").getMessageVersions(serial),
      () => channels.get("c").annotations.publish(serial, { type: "t" }),
      () => channels.get("c").annotations.get(serial, null),
      () => channel.annotations.publish(serial, { type: "t" }),
    ];
    for (const change of changes) {
      expect(await refusal(change())).toMatchObject({ code: 93002, statusCode: 400 });
    }
    expect((await channel.history()).items.map(({ data }) => data)).toEqual(["old"]);
  });
});
