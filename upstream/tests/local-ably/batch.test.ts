import { describe, expect, it } from "vitest";
import { FORMATS, realtime, rest, start } from "./harness.ts";

describe.each(FORMATS)("a batch in %s", (format) => {
  const capability = '{"open":["publish","subscribe"]}';

  it("publishes to each channel, and reports each failure", async () => {
    const server = await start();
    const client = rest(server, { format, params: { capability } });
    const messages = [{ data: "1" }, { data: "2" }];
    const one = await client.batchPublish({ channels: ["open", "closed"], messages });
    expect(one).toMatchObject({ successCount: 1, failureCount: 1 });
    expect(one.results).toMatchObject([
      { channel: "open", messageId: expect.stringMatching(/:0$/), serials: { length: 2 } },
      { channel: "closed", error: { code: 40160, statusCode: 401 } },
    ]);
    const several = await client.batchPublish([
      { channels: ["open"], messages: [{ data: "3" }] },
      { channels: ["", "closed"], messages: [{ data: "4" }] },
    ]);
    expect(several.map(({ successCount, failureCount }) => [successCount, failureCount])).toEqual([
      [1, 0],
      [0, 2],
    ]);
    const { items } = await rest(server, { format }).channels.get("open").history();
    expect(items.map(({ data }) => data)).toEqual(["3", "2", "1"]);
  });

  it("accepts one channel and one message without arrays", async () => {
    const client = rest(await start(), { format });
    const spec = { channels: "c", messages: { data: "1" } };
    const { statusCode, items } = await client.request("POST", "/messages", 3, {}, spec, {});
    expect([statusCode, items[0].successCount]).toEqual([201, 1]);
  });

  it("answers version 2 with a flat list, and with 40020 if some of it failed", async () => {
    const client = rest(await start(), { format, params: { capability } });
    const batch = (...channels: string[]) => {
      const spec = { channels, messages: { data: "1" } };
      return client.request("POST", "/messages", 2, {}, spec, {});
    };
    const { statusCode, items } = await batch("open");
    expect([statusCode, items]).toMatchObject([
      201,
      [{ channel: "open", messageId: expect.stringMatching(/:0$/) }],
    ]);
    const failed = await batch("open", "closed");
    expect([failed.statusCode, failed.errorCode]).toEqual([400, 40020]);
    expect(failed.items[0].batchResponse).toMatchObject([
      { channel: "open", messageId: expect.stringMatching(/:0$/) },
      { channel: "closed", error: { code: 40160 } },
    ]);
    const query = { channels: "open" };
    const presence = await client.request("GET", "/presence", 2, query, null, {});
    expect(presence.items).toEqual([{ channel: "open", presence: [] }]);
  });

  it("publishes once to a channel that is named twice", async () => {
    const client = rest(await start(), { format });
    await client.batchPublish({ channels: ["c", "c"], messages: [{ data: "1" }] });
    expect((await client.channels.get("c").history()).items).toHaveLength(1);
  });

  it("reads the presence of several channels", async () => {
    const server = await start();
    const { channels } = realtime(server, { format, params: { clientId: "ada" } });
    for (const name of ["open", "closed"]) await channels.get(name).presence.enter("here");
    const client = rest(server, { format, params: { capability } });
    // The types of ably-js 2.28 promise an array. Ably answers one result.
    const result: unknown = await client.batchPresence(["open", "closed"]);
    expect(result).toMatchObject({
      successCount: 1,
      failureCount: 1,
      results: [
        { channel: "open", presence: [{ clientId: "ada", data: "here" }] },
        { channel: "closed", error: { code: 40160 } },
      ],
    });
  });

  it("of more than 1,000 messages in all, of 101 channels, or of no object is refused", async () => {
    const client = rest(await start(), { format });
    const channels = Array.from({ length: 101 }, (_, i) => `${i}`);
    for (const attempt of [
      () => client.batchPublish({ channels, messages: [{ data: "" }] }),
      () => client.batchPresence(channels),
      () => client.batchPublish(["text"] as never),
      () => client.batchPublish(Array(11).fill({ channels: channels.slice(1), messages: [{}] })),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 40000, statusCode: 400 });
    }
  });
});
