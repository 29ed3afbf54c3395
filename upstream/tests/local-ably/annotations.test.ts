import Ably from "ably";
import { describe, expect, it } from "vitest";
import { Summary } from "../../../local-ably/annotation.ts";
import { DEFAULT_SETTINGS } from "../../../local-ably/settings.ts";
import {
  FORMATS,
  Inbox,
  countCalls,
  keepAway,
  next,
  realtime,
  refusal,
  rest,
  start,
} from "./harness.ts";

const MODES: Ably.ChannelMode[] = ["SUBSCRIBE", "ANNOTATION_SUBSCRIBE"];

describe.each(FORMATS)("annotations in %s", (format) => {
  async function published() {
    const server = await start();
    const { channels } = realtime(server, { format, params: { clientId: "ada" } });
    const channel = channels.get("c");
    const { serials } = await channel.publish("name", "data");
    return { server, channel, serial: serials[0] ?? "" };
  }

  /** The summary of one type after these annotations, by client ID. */
  async function summaryOf(
    type: string,
    steps: [
      clientId: string | undefined,
      annotation: Partial<Ably.OutboundAnnotation>,
      "delete"?,
    ][],
  ) {
    const { server, channel, serial } = await published();
    for (const [clientId, values, isDelete] of steps) {
      const params = clientId ? { clientId } : {};
      const { annotations } = rest(server, { format, params }).channels.get("c");
      const annotation = { type, ...values };
      if (isDelete) await annotations.delete(serial, annotation);
      else await annotations.publish(serial, annotation);
    }
    const { annotations } = await channel.getMessage(serial);
    return annotations?.summary[type];
  }

  it("reach who asked for them, and their summary reaches everyone", async () => {
    const { server, channel, serial } = await published();
    const reader = realtime(server, { format }).channels.get("c", { modes: MODES });
    const raw = new Inbox<Ably.Annotation>();
    const messages = new Inbox<Ably.InboundMessage>();
    await reader.annotations.subscribe(raw.add);
    await reader.subscribe(messages.add);
    const plain = new Inbox<Ably.InboundMessage>();
    await realtime(server, { format }).channels.get("c").subscribe(plain.add);

    const type = "reaction:distinct.v1";
    await channel.annotations.publish(serial, { type, name: "👍", data: { at: 1 } });
    await channel.annotations.delete(serial, { type, name: "👍" });
    const [created, deleted] = await raw.atLeast(2);
    expect(created).toMatchObject({
      action: "annotation.create",
      messageSerial: serial,
      type,
      name: "👍",
      data: { at: 1 },
      clientId: "ada",
    });
    expect(String(created?.serial) > serial).toBe(true);
    expect(deleted).toMatchObject({ action: "annotation.delete", name: "👍" });
    for (const inbox of [messages, plain]) {
      const [first, second] = await inbox.atLeast(2);
      expect(first).toMatchObject({
        action: "message.summary",
        serial,
        annotations: {
          summary: { [type]: { "👍": { total: 1, clientIds: ["ada"], clipped: false } } },
        },
      });
      expect(second?.annotations.summary).toEqual({ [type]: {} });
    }
  });

  it("of total.v1 are counted without client IDs", async () => {
    const steps = [
      ["ada", {}],
      ["ada", {}],
      [undefined, {}],
      ["bob", {}, "delete"],
    ] as const;
    expect(await summaryOf("view:total.v1", [...steps] as never)).toEqual({ total: 2 });
  });

  it("of flag.v1 count each client once", async () => {
    const steps = [
      ["ada", {}],
      ["ada", {}],
      ["bob", {}],
      ["eve", {}],
      ["bob", {}, "delete"],
    ];
    expect(await summaryOf("seen:flag.v1", steps as never)).toEqual({
      total: 2,
      clientIds: ["ada", "eve"],
      clipped: false,
    });
  });

  it("of distinct.v1 count each client once for each name", async () => {
    const steps = [
      ["ada", { name: "a" }],
      ["ada", { name: "b" }],
      ["bob", { name: "a" }],
      ["ada", { name: "a" }],
      ["ada", { name: "b" }, "delete"],
    ];
    expect(await summaryOf("tag:distinct.v1", steps as never)).toEqual({
      a: { total: 2, clientIds: ["ada", "bob"], clipped: false },
    });
  });

  it("of unique.v1 move a client from one name to the next", async () => {
    const steps = [
      ["ada", { name: "a" }],
      ["bob", { name: "a" }],
      ["ada", { name: "constructor" }],
    ];
    const summary = await summaryOf("vote:unique.v1", steps as never);
    expect(Object.entries(summary ?? {})).toEqual([
      ["a", { total: 1, clientIds: ["bob"], clipped: false }],
      ["constructor", { total: 1, clientIds: ["ada"], clipped: false }],
    ]);
  });

  it("of multiple.v1 add up for each client and name", async () => {
    const steps = [
      ["ada", { name: "stars", count: 4 }],
      ["ada", { name: "stars" }],
      ["bob", { name: "stars", count: 2 }],
      [undefined, { name: "stars", count: 3 }],
      ["bob", { name: "stars" }, "delete"],
    ];
    expect(await summaryOf("rating:multiple.v1", steps as never)).toEqual({
      stars: {
        total: 8,
        clientCounts: { ada: 5 },
        totalUnidentified: 3,
        totalClientIds: 1,
        clipped: false,
      },
    });
  });

  it("without a method are delivered and kept, and not summarized", async () => {
    const { channel, serial } = await published();
    await channel.annotations.publish(serial, { type: "com.example.note", data: "hi" });
    const { items } = await channel.annotations.get(serial, null);
    expect(items).toMatchObject([{ type: "com.example.note", data: "hi" }]);
    expect((await channel.getMessage(serial)).annotations?.summary).toEqual({});
  });

  it("can be read, oldest first, with paging", async () => {
    const { channel, serial } = await published();
    for (const name of ["a", "b", "c"]) {
      await channel.annotations.publish(serial, { type: "t:distinct.v1", name });
    }
    const first = await channel.annotations.get(serial, { limit: 2 });
    const second = await first.next();
    const names = [...first.items, ...(second?.items ?? [])].map(({ name }) => name);
    expect([first.items.length, names]).toEqual([2, ["a", "b", "c"]]);
    expect(first.items[0]).toMatchObject({ messageSerial: serial, clientId: "ada" });
  });

  it("stay with their message when it is updated, in history, in rewind and after a resume", async () => {
    const { server, channel, serial } = await published();
    const type = "t:total.v1";
    const reader = realtime(server, { format, disconnectedRetryTimeout: 50 });
    const seen = new Inbox<Ably.InboundMessage>();
    await reader.channels.get("c").subscribe(seen.add);
    const letBack = await keepAway(reader, server);
    await channel.annotations.publish(serial, { type });
    letBack();
    await next(reader.channels.get("c"), "attached");
    const summary = { [type]: { total: 1 } };
    expect((await seen.atLeast(1))[0]).toMatchObject({ action: "message.summary", serial });
    await channel.updateMessage({ serial, data: "new" });
    const update = (await seen.atLeast(2))[1];
    const [inHistory] = (await channel.history()).items;
    const rewound = new Inbox<Ably.InboundMessage>();
    const params = { rewind: "1" };
    await realtime(server, { format }).channels.get("c", { params }).subscribe(rewound.add);
    for (const message of [seen.all[0], update, inHistory, (await rewound.atLeast(1))[0]]) {
      expect(message?.annotations.summary).toEqual(summary);
    }
    expect(inHistory).toMatchObject({ action: "message.update", data: "new" });
  });

  it.each([
    ["no type", { type: "" }],
    ["a type of three parts", { type: "a:b:total.v1" }],
    ["an unknown method", { type: "a:median.v1" }],
    ["a count that is not whole", { type: "a:multiple.v1", count: 1.5 }],
  ])("with %s are refused with 40000", async (_what, annotation) => {
    const { server, channel, serial } = await published();
    const { annotations } = rest(server, { format, params: { clientId: "ada" } }).channels.get("c");
    for (const attempt of [annotations, channel.annotations]) {
      const error = await refusal(attempt.publish(serial, annotation));
      expect(error).toMatchObject({ code: 40000, statusCode: 400 });
    }
  });

  it("that count clients are refused with 40000 without a client ID", async () => {
    const { server, serial } = await published();
    const { annotations } = rest(server, { format }).channels.get("c");
    for (const method of ["flag", "distinct", "unique"]) {
      const error = await refusal(annotations.publish(serial, { type: `a:${method}.v1` }));
      expect(error).toMatchObject({ code: 40000, message: expect.stringContaining("clientId") });
    }
  });

  it("with a type that is longer than any in use are refused with 40000", async () => {
    const { channel, serial } = await published();
    const type = `${"a".repeat(190)}:flag.v1`;
    await channel.annotations.publish(serial, { type });
    const error = await refusal(channel.annotations.publish(serial, { type: `aaa${type}` }));
    expect(error).toMatchObject({ code: 40000, message: expect.stringContaining("type") });
  });

  it("of a message that is not kept are refused with 40400", async () => {
    const { channel } = await published();
    const serial = "00000000000001-000000@no:000000";
    const publish = channel.annotations.publish(serial, { type: "a:total.v1" });
    expect(await refusal(publish)).toMatchObject({ code: 40400, statusCode: 404 });
    expect((await refusal(channel.annotations.get(serial, null))).code).toBe(40400);
  });

  it("need the capability, and on a socket the mode: 40160", async () => {
    const { server, channel, serial } = await published();
    const params = { clientId: "ada", capability: '{"c":["publish","subscribe","history"]}' };
    const annotation = { type: "a:total.v1" };
    const options = { modes: ["PUBLISH"] as Ably.ChannelMode[] };
    const withoutMode = realtime(server, { format }).channels.get("c", options);
    await withoutMode.attach();
    for (const { annotations } of [
      rest(server, { format, params }).channels.get("c"),
      realtime(server, { format, params }).channels.get("c"),
      withoutMode,
    ]) {
      const error = await refusal(annotations.publish(serial, annotation));
      expect(error).toMatchObject({ code: 40160, statusCode: 401 });
    }
    const reader = realtime(server, { format, params }).channels.get("c", { modes: MODES });
    await reader.attach();
    expect(reader.modes).toEqual(["subscribe"]);
    expect((await channel.annotations.get(serial, null)).items).toEqual([]);
  });
});

describe("the summary of a message", () => {
  const setUp = async () => {
    const server = await start({ maxInboundRate: 1e9, maxMessageSize: 2_000 });
    const channel = realtime(server, { params: { clientId: "*" } }).channels.get("c");
    const { serials } = await channel.publish("n", "");
    const annotate = (list: object[]) => {
      const path = `/channels/c/messages/${encodeURIComponent(serials[0] ?? "")}/annotations`;
      return rest(server, { params: { clientId: "*" } }).request("POST", path, 3, {}, list, {});
    };
    return { server, channel, annotate, serial: serials[0] ?? "" };
  };

  it("clips client IDs where it would exceed the size of a message", async () => {
    const { channel, annotate, serial } = await setUp();
    const ids = Array.from({ length: 501 }, (_, i) => `${i}`);
    await annotate(ids.map((clientId) => ({ type: "a:flag.v1", clientId })));
    const { annotations } = await channel.getMessage(serial);
    const summary = annotations?.summary["a:flag.v1"] as Ably.SummaryClientIdList;
    expect([summary.total, summary.clipped]).toEqual([501, true]);
    expect(summary.clientIds).toEqual(ids.slice(0, summary.clientIds.length));
    expect(JSON.stringify(summary.clientIds).length).toBeLessThan(2_000);
    expect(JSON.stringify(summary.clientIds).length).toBeGreaterThan(1_900);
  });

  it("refuses types and names that would exceed the size of a message with 40009", async () => {
    const { server, channel, annotate, serial } = await setUp();
    const seen = new Inbox<Ably.InboundMessage>();
    await realtime(server).channels.get("c").subscribe(seen.add);
    const reads = countCalls(Summary.prototype, "read");
    const types = Array.from({ length: 100 }, (_, i) => `type-${i}:total.v1`);
    const results = await Promise.allSettled(
      types.map((type) => channel.annotations.publish(serial, { type })),
    );
    const refused = results.filter((result) => result.status === "rejected");
    const accepted = results.length - refused.length;
    expect(accepted).toBe(26);
    expect(new Set(refused.map(({ reason }) => reason.code))).toEqual(new Set([40009]));
    const summaries = (await seen.atLeast(accepted)).map((one) => one.annotations.summary);
    expect(summaries.map((summary) => Object.keys(summary).length)).toEqual(
      summaries.map((_, index) => index + 1),
    );
    expect(reads()).toBe(accepted);
    // A type that is there can still be used, and a batch is refused as a whole.
    await channel.annotations.publish(serial, { type: types[0] ?? "" });
    const names = types.map((_, i) => ({ type: "a:distinct.v1", name: `${i}`, clientId: "ada" }));
    expect((await annotate(names)).errorCode).toBe(40009);
    expect((await channel.annotations.get(serial, { limit: 1_000 })).items).toHaveLength(27);
  });

  it("reads each annotation once, however many follow", () => {
    const summary = new Summary(DEFAULT_SETTINGS);
    let reads = 0;
    for (let i = 0; i < 1_000; i++) {
      const annotation = { type: "a:distinct.v1", name: `${i % 10}`, messageSerial: "s", id: "" };
      const clientId = `${i}`;
      const counted = {
        get clientId() {
          reads += 1;
          return clientId;
        },
      };
      const origin = { connectionId: undefined, timestamp: 0, count: undefined };
      summary.add(Object.assign(counted, annotation, origin));
      summary.read();
    }
    expect(reads).toBe(1_000);
    expect(Object.values(summary.read()["a:distinct.v1"] ?? {})).toHaveLength(10);
  });

  it("is made for one page of the history", async () => {
    const { channel } = await setUp();
    for (let i = 0; i < 20; i++) {
      const { serials } = await channel.publish("n", "");
      await channel.annotations.publish(serials[0] ?? "", { type: "a:total.v1" });
    }
    const reads = countCalls(Summary.prototype, "read");
    const { items } = await channel.history({ limit: 2 });
    expect(items.map(({ annotations }) => annotations.summary)).toEqual(
      Array(2).fill({ "a:total.v1": { total: 1 } }),
    );
    expect(reads()).toBe(2);
  });
});
