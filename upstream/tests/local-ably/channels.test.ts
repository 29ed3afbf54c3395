import Ably from "ably";
import { describe, expect, it } from "vitest";
import { Action, Flag } from "../../../local-ably/protocol.ts";
import {
  FORMATS,
  Inbox,
  RawClient,
  advanceClock,
  connected,
  next,
  realtime,
  refusal,
  rest,
  signer,
  start,
} from "./harness.ts";

describe.each(FORMATS)("a channel in %s", (format) => {
  it("attaches with every mode that the capability allows", async () => {
    const channel = realtime(await start(), { format }).channels.get("c");
    const change = await channel.attach();
    expect(change).toMatchObject({ resumed: false, hasBacklog: false });
    // https://ably.com/docs/channels/options#modes: all but annotation_subscribe and objects.
    expect(channel.modes?.toSorted()).toEqual([
      "annotation_publish",
      "presence",
      "presence_subscribe",
      "publish",
      "subscribe",
    ]);
  });

  it("attaches with the requested modes, and enforces them", async () => {
    const server = await start();
    const options: Ably.ChannelOptions = { modes: ["PUBLISH", "PRESENCE"] };
    const params = { clientId: "ada" };
    const deaf = realtime(server, { format, params }).channels.get("c", options);
    const received = new Inbox<unknown>();
    await deaf.attach();
    await deaf.subscribe(received.add);
    await deaf.presence.subscribe(received.add);
    await deaf.publish("n", "");
    await deaf.presence.enter();
    const mute = realtime(server, { format, params }).channels.get("c", { modes: ["SUBSCRIBE"] });
    await mute.attach();
    expect(mute.modes).toEqual(["subscribe"]);
    expect(await refusal(mute.publish("n", ""))).toMatchObject({ code: 40165, statusCode: 401 });
    expect(await refusal(mute.presence.enter())).toMatchObject({ code: 40165, statusCode: 401 });
    expect(received.all).toEqual([]);
  });

  it("prefers the modes of params to those of the options, and echoes params", async () => {
    const params = { modes: "presence,subscribe" };
    const options: Ably.ChannelOptions = { params, modes: ["PUBLISH", "PRESENCE_SUBSCRIBE"] };
    const channel = realtime(await start(), { format }).channels.get("c", options);
    await channel.attach();
    expect(channel.params).toEqual(params);
    expect(channel.modes?.toSorted()).toEqual(["presence", "subscribe"]);
  });

  it("echoes delta and no unknown params, and sends messages whole", async () => {
    const params = { delta: "vcdiff", nonexistent: "foo" };
    const channel = realtime(await start(), { format }).channels.get("c", { params });
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    expect(channel.params).toEqual({ delta: "vcdiff" });
    for (const data of ["one", "one and two"]) await channel.publish("n", data);
    expect((await seen.atLeast(2)).map(({ data }) => data)).toEqual(["one", "one and two"]);
  });

  it("accepts new options while attached, without losing continuity", async () => {
    const channel = realtime(await start(), { format }).channels.get("c");
    await channel.attach();
    const updates = new Inbox<Ably.ChannelStateChange>();
    channel.on("update", updates.add);
    await channel.setOptions({ modes: ["SUBSCRIBE"] });
    expect(channel.modes).toEqual(["subscribe"]);
    expect(updates.all.filter(({ resumed }) => !resumed)).toEqual([]);
  });

  it.each(["", ":hell", "::", ",a", " a", "[filter=aGk=]c", "[?rewind=1]c", "[nonsense]c", "a\nb"])(
    "of the name %o is refused with 40010, each time, and the connection stays",
    async (name) => {
      const server = await start();
      const client = await connected(realtime(server, { format }));
      const channel = client.channels.get(name);
      for (let i = 0; i < 2; i++) {
        expect(await refusal(channel.attach())).toMatchObject({ code: 40010, statusCode: 400 });
        expect(channel.state).toBe("failed");
      }
      const unattached = (await connected(realtime(server, { format }))).channels.get(name);
      expect((await refusal(unattached.publish("n", ""))).code).toBe(40010);
      await client.channels.get("a b:c,d").attach();
      expect(client.connection.state).toBe("connected");
    },
  );

  it("named [meta]… is refused with 40160, whatever the capability", async () => {
    const params = { capability: '{"[*]*":["*"]}' };
    const keys = [{ name: "a.b", secret: "s", capability: { "[*]*": ["*"] } }];
    const client = realtime(await start({}, keys), {
      format,
      authCallback: signer("a.b:s", params),
    });
    expect((await refusal(client.channels.get("[meta]log").attach())).code).toBe(40160);
  });

  it("beyond the limit of a connection is refused with 90010", async () => {
    const server = await start({ maxChannelsPerConnection: 2 });
    const { channels } = realtime(server, { format });
    await Promise.all([channels.get("1").attach(), channels.get("2").attach()]);
    expect(await refusal(channels.get("3").attach())).toMatchObject({ code: 90010 });
    await channels.get("1").detach();
    await channels.get("4").attach();
  });

  it("receives nothing after a detach, and can attach again", async () => {
    const server = await start();
    const channel = realtime(server, { format }).channels.get("c");
    const seen = new Inbox<Ably.InboundMessage>();
    await channel.subscribe(seen.add);
    await channel.detach();
    await rest(server, { format }).channels.get("c").publish("unheard", "");
    const change = await channel.attach();
    expect(change?.resumed).toBe(false);
    await channel.publish("received", "");
    expect((await seen.atLeast(1)).map(({ name }) => name)).toEqual(["received"]);
  });

  it("that the server detaches attaches again by itself", async () => {
    const server = await start();
    const channel = realtime(server, { format }).channels.get("c");
    await channel.attach();
    const attaching = next<Ably.ChannelStateChange>(channel, "attaching");
    const attached = next(channel, "attached");
    server.faults.detach("c");
    expect((await attaching).reason).toMatchObject({ code: 90198, statusCode: 503 });
    await attached;
  });
});

describe.each(FORMATS)("rewind in %s", (format) => {
  async function channelWith(count: number) {
    const server = await start();
    const { channels } = rest(server, { format });
    for (let i = 0; i < count; i++) await channels.get("c").publish(`${i}`, "");
    return server;
  }

  async function rewound(server: { port: number }, params: Ably.ChannelParams, count: number) {
    const channel = realtime(server, { format }).channels.get("c", { params });
    const seen = new Inbox<Ably.InboundMessage>();
    const change = await channel.subscribe(seen.add);
    await channel.publish("live", "");
    const names = (await seen.atLeast(count + 1)).map(({ name }) => name);
    return { channel, hasBacklog: change?.hasBacklog, names, seen };
  }

  it("by count gives the last messages before live ones", async () => {
    const { names, hasBacklog } = await rewound(await channelWith(4), { rewind: "2" }, 2);
    expect(names).toEqual(["2", "3", "live"]);
    expect(hasBacklog).toBe(true);
  });

  it("by time gives the messages since then, up to rewindLimit", async () => {
    const server = await channelWith(4);
    expect((await rewound(server, { rewind: "30s" }, 4)).names.slice(0, 4)).toEqual([..."0123"]);
    const { names } = await rewound(server, { rewind: "2m", rewindLimit: "1" }, 1);
    expect(names).toEqual(["live", "live"]);
  });

  it("by time leaves out older messages", async () => {
    const server = await channelWith(1);
    advanceClock(30_001);
    const { names, hasBacklog } = await rewound(server, { rewind: "30s" }, 0);
    expect([names, hasBacklog]).toEqual([["live"], false]);
  });

  it("gives at most 100 messages, and cuts arrays", async () => {
    const server = await start();
    const { channels } = rest(server, { format });
    const array = Array.from({ length: 90 }, (_, i) => ({ name: `${i}` }));
    await channels.get("c").publish(array);
    await channels.get("c").publish(array);
    const { names } = await rewound(server, { rewind: "150" }, 100);
    expect(names).toHaveLength(101);
    expect(names.slice(0, 11)).toEqual([...array.slice(80), array[0]].map((item) => item?.name));
  });

  it("is applied again after a detach", async () => {
    const { channel, seen } = await rewound(await channelWith(1), { rewind: "1" }, 1);
    await channel.detach();
    expect((await channel.attach())?.hasBacklog).toBe(true);
    expect((await seen.atLeast(3)).map(({ name }) => name)).toEqual(["0", "live", "live"]);
  });

  it("of an empty channel is empty", async () => {
    const { names, hasBacklog } = await rewound(await start(), { rewind: "5" }, 0);
    expect([names, hasBacklog]).toEqual([["live"], false]);
  });

  it("by a count of 0 is empty", async () => {
    const { names, hasBacklog } = await rewound(await channelWith(1), { rewind: "0" }, 0);
    expect([names, hasBacklog]).toEqual([["live"], false]);
  });
});

describe("On the protocol level", () => {
  async function open() {
    const client = new RawClient(await start());
    await client.next();
    return client;
  }

  it("ATTACHED has the granted modes, and a serial even for an empty channel", async () => {
    const client = await open();
    const flags = Flag.SUBSCRIBE | Flag.PUBLISH;
    const attached = await client.ask({ action: Action.ATTACH, channel: "c", flags });
    expect(attached).toMatchObject({ action: Action.ATTACHED, channel: "c", flags, params: {} });
    expect(attached.channelSerial).toMatch(/./);
  });

  it("a repeated ATTACH has RESUMED, and a DETACH without an attachment is answered", async () => {
    const client = await open();
    const attach = { action: Action.ATTACH, channel: "c", params: { rewind: "1" } };
    await client.ask(attach);
    const messages = [{ name: "n" }];
    client.send({ action: Action.MESSAGE, channel: "c", msgSerial: 0, messages });
    await client.next();
    await client.next();
    const again = await client.ask(attach);
    expect(again.action).toBe(Action.ATTACHED);
    expect(Number(again.flags) & (Flag.RESUMED | Flag.HAS_BACKLOG)).toBe(Flag.RESUMED);
    const detached = await client.ask({ action: Action.DETACH, channel: "other" });
    expect(detached).toEqual({ action: Action.DETACHED, channel: "other" });
  });

  it("the ERROR for an empty channel name has it as channel, so that the connection stays", async () => {
    const client = await open();
    const error = await client.ask({ action: Action.ATTACH, channel: "" });
    expect(error).toMatchObject({ action: Action.ERROR, channel: "", error: { code: 40010 } });
    expect((await client.ask({ action: Action.HEARTBEAT })).action).toBe(Action.HEARTBEAT);
  });

  it("ATTACH_RESUME means no rewind", async () => {
    const client = await open();
    const message = {
      action: Action.MESSAGE,
      channel: "c",
      msgSerial: 0,
      messages: [{ name: "n" }],
    };
    await client.ask(message);
    const attach = { action: Action.ATTACH, channel: "c", params: { rewind: 1 } };
    const resumed = await client.ask({ ...attach, flags: Flag.ATTACH_RESUME });
    expect(Number(resumed.flags) & Flag.HAS_BACKLOG).toBe(0);
    await client.ask({ action: Action.DETACH, channel: "c" });
    expect(Number((await client.ask(attach)).flags) & Flag.HAS_BACKLOG).toBe(Flag.HAS_BACKLOG);
    expect((await client.next()).action).toBe(Action.MESSAGE);
  });

  it("a channelSerial brings the messages after it; an unknown one brings 90003 and all", async () => {
    const client = await open();
    const { channelSerial } = await client.ask({ action: Action.ATTACH, channel: "c" });
    await client.ask({ action: Action.DETACH, channel: "c" });
    const messages = [{ name: "n" }];
    await client.ask({ action: Action.MESSAGE, channel: "c", msgSerial: 0, messages });

    const attach = { action: Action.ATTACH, channel: "c" };
    const known = await client.ask({ ...attach, channelSerial });
    expect(Number(known.flags) & Flag.RESUMED).toBe(Flag.RESUMED);
    expect(known).not.toHaveProperty("error");
    expect(await client.next()).toMatchObject({ messages });

    for (const alien of ["00000000000001-000000", "99999999999999-000000"]) {
      await client.ask({ action: Action.DETACH, channel: "c" });
      const unknown = await client.ask({ ...attach, channelSerial: `${alien}@before-a-restart` });
      expect(Number(unknown.flags) & Flag.RESUMED).toBe(0);
      expect(unknown.error).toMatchObject({ code: 90003, statusCode: 404 });
      expect(await client.next()).toMatchObject({ messages });
    }
  });

  it("a channelSerial that is too old brings 90003 and all that is kept", async () => {
    const client = new RawClient(await start({ maxMessagesKept: 1 }));
    await client.next();
    const attach = { action: Action.ATTACH, channel: "c" };
    const { channelSerial } = await client.ask(attach);
    await client.ask({ action: Action.DETACH, channel: "c" });
    for (const [msgSerial, name] of ["lost", "kept"].entries()) {
      const messages = [{ name }];
      await client.ask({ action: Action.MESSAGE, channel: "c", msgSerial, messages });
    }
    const gap = await client.ask({ ...attach, channelSerial });
    expect(Number(gap.flags) & (Flag.RESUMED | Flag.HAS_BACKLOG)).toBe(Flag.HAS_BACKLOG);
    expect(gap.error).toMatchObject({ code: 90003, statusCode: 404 });
    expect(await client.next()).toMatchObject({ messages: [{ name: "kept" }] });
  });

  it("an ATTACH with only object modes is refused with 40160", async () => {
    const client = await open();
    const frame = { action: Action.ATTACH, channel: "c", flags: Flag.OBJECT_SUBSCRIBE };
    const message = expect.stringContaining("no objects");
    const error = { code: 40160, message };
    expect(await client.ask(frame)).toMatchObject({ action: Action.ERROR, error });
  });
});
