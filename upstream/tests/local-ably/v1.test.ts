import V1 from "ably-v1/promises";
import { describe, expect, it } from "vitest";
import {
  FORMATS,
  Inbox,
  LOCAL_KEY,
  atEnd,
  keepAway,
  next,
  realtime,
  rest,
  start,
  within,
} from "./harness.ts";

type Server = Awaited<ReturnType<typeof start>>;

/** The client of the tutorial that this starter replaces: ably 1.2 with an authCallback. */
describe.each(FORMATS)("ably 1.2 in %s", (format) => {
  function open(server: Server, clientId: string): V1.Types.RealtimePromise {
    const options: V1.Types.ClientOptions = {
      realtimeHost: "127.0.0.1",
      restHost: "127.0.0.1",
      port: server.port,
      tls: false,
      useBinaryProtocol: format === "msgpack",
      log: { level: 0 },
      disconnectedRetryTimeout: 50,
    };
    const signer = new V1.Rest({ ...options, key: LOCAL_KEY });
    const client = new V1.Realtime({
      ...options,
      clientId,
      authCallback: (params, done) => {
        signer.auth.createTokenRequest(params).then(
          (tokenRequest) => done(null, tokenRequest),
          (error) => done(error, null),
        );
      },
    });
    atEnd(() => client.close());
    return client;
  }

  it("connects, subscribes, publishes and reads history", async () => {
    const server = await start();
    const client = open(server, "ada");
    await within(client.connection.whenState("connected"), "connected");
    const channel = client.channels.get("c");
    const seen = new Inbox<V1.Types.Message>();
    await channel.subscribe(seen.add);
    await channel.publish("mine", { a: 1 });
    await rest(server, { format })
      .channels.get("c")
      .publish("other", Buffer.from([1, 2]));
    const messages = await seen.atLeast(2);
    expect(messages.map(({ name, clientId }) => [name, clientId])).toEqual([
      ["mine", "ada"],
      ["other", undefined],
    ]);
    expect(messages[0]?.data).toEqual({ a: 1 });
    expect([...new Uint8Array(messages[1]?.data)]).toEqual([1, 2]);
    const { items } = await channel.history();
    expect(items.map(({ name }) => name)).toEqual(["other", "mine"]);
  });

  it("is seen in presence by ably 2, and sees it", async () => {
    const server = await start();
    const one = open(server, "ada").channels.get("c");
    const two = realtime(server, { format, params: { clientId: "bob" } }).channels.get("c");
    await one.presence.enter("from 1");
    await two.presence.enter("from 2");
    const told = (members: { clientId: string; data?: unknown }[]) =>
      members.map(({ clientId, data }) => [clientId, data]).toSorted();
    const everyone = [
      ["ada", "from 1"],
      ["bob", "from 2"],
    ];
    expect(told(await one.presence.get())).toEqual(everyone);
    expect(told(await two.presence.get())).toEqual(everyone);
  });

  it("resumes after a drop with what it missed", async () => {
    const server = await start();
    const client = open(server, "ada");
    const channel = client.channels.get("c");
    const seen = new Inbox<V1.Types.Message>();
    await channel.subscribe(seen.add);
    const { id } = client.connection;
    const letBack = await keepAway(client, server);
    await rest(server, { format }).channels.get("c").publish("missed", "");
    const back = next(client.connection, "connected");
    letBack();
    await back;
    await channel.publish("live", "");
    expect((await seen.atLeast(2)).map(({ name }) => name)).toEqual(["missed", "live"]);
    expect(client.connection.id).toBe(id);
  });
});
