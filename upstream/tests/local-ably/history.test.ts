import Ably from "ably";
import { describe, expect, it } from "vitest";
import {
  FORMATS,
  Inbox,
  LOCAL_KEY,
  advanceClock,
  realtime,
  refusal,
  rest,
  start,
} from "./harness.ts";

type Page = Ably.PaginatedResult<Ably.InboundMessage>;

const namesOf = (page: Page | null) => page?.items.map(({ name }) => name);

describe.each(FORMATS)("history in %s", (format) => {
  async function published(count: number, settings = {}) {
    const server = await start(settings);
    const channel = rest(server, { format }).channels.get("c");
    for (let i = 0; i < count; i++) await channel.publish(`${i}`, { i });
    return { server, channel };
  }

  it("is newest first, or oldest first if asked, and complete", async () => {
    const { channel, server } = await published(3);
    const backwards = await channel.history();
    expect(namesOf(backwards)).toEqual(["2", "1", "0"]);
    expect(namesOf(await channel.history({ direction: "forwards" }))).toEqual(["0", "1", "2"]);
    expect(backwards.items[0]).toMatchObject({
      id: expect.any(String),
      data: { i: 2 },
      timestamp: expect.any(Number),
      serial: expect.any(String),
    });
    const live = await realtime(server, { format }).channels.get("c").history();
    expect(namesOf(live)).toEqual(["2", "1", "0"]);
  });

  it("leaves out ephemeral messages, which subscribers receive", async () => {
    const { channel, server } = await published(1);
    const here = realtime(server, { format });
    const seen = new Inbox<Ably.InboundMessage>();
    await here.channels.get("c").subscribe(seen.add);
    await channel.publish({ name: "cursor", extras: { ephemeral: true } });
    await channel.publish("1", "");
    expect((await seen.atLeast(2)).map(({ name }) => name)).toEqual(["cursor", "1"]);
    expect(namesOf(await channel.history())).toEqual(["1", "0"]);

    const late = new Inbox<Ably.InboundMessage>();
    const rewound = realtime(server, { format }).channels.get("c", { params: { rewind: "10" } });
    await rewound.subscribe(late.add);
    await channel.publish("2", "");
    expect((await late.atLeast(3)).map(({ name }) => name)).toEqual(["0", "1", "2"]);
  });

  it.each([
    ["backwards", ["4", "3"], ["2", "1"], ["0"]],
    ["forwards", ["0", "1"], ["2", "3"], ["4"]],
  ] as const)("pages %s, also through the middle of an array", async (direction, ...pages) => {
    const { channel } = await published(0);
    await channel.publish(["0", "1", "2", "3", "4"].map((name) => ({ name })));
    const first = await channel.history({ direction, limit: 2 });
    const second = await first.next();
    const third = (await second?.next()) ?? null;
    expect([first, second, third].map(namesOf)).toEqual(pages);
    expect([first.isLast(), third?.isLast(), third?.hasNext()]).toEqual([false, true, false]);
    expect(namesOf((await third?.first()) ?? null)).toEqual(pages[0]);
    expect(namesOf((await second?.current()) ?? null)).toEqual(pages[1]);
  });

  it("contains start and end, and nothing outside", async () => {
    const { channel } = await published(0);
    for (const name of ["0", "1", "2"]) {
      const { items } = await channel.history({ limit: 1 });
      while (Date.now() <= (items[0]?.timestamp ?? 0)) await new Promise(setImmediate);
      await channel.publish(name, "");
    }
    const [last, middle, first] = (await channel.history()).items.map((item) => item.timestamp);
    const within = async (start?: number, end?: number) =>
      namesOf(await channel.history({ ...(start && { start }), ...(end && { end }) }));
    expect(await within(middle, last)).toEqual(["2", "1"]);
    expect(await within(middle, middle)).toEqual(["1"]);
    expect(await within(undefined, first)).toEqual(["0"]);
  });

  it("with untilAttach ends where live messages begin", async () => {
    const { server, channel } = await published(2);
    const live = realtime(server, { format }).channels.get("c");
    await live.attach();
    await channel.publish("after", "");
    expect(namesOf(await live.history({ untilAttach: true }))).toEqual(["1", "0"]);
    expect(namesOf(await live.history())).toEqual(["after", "1", "0"]);
  });

  it("with untilAttach is empty on an empty channel", async () => {
    const { server, channel } = await published(0);
    const live = realtime(server, { format }).channels.get("c");
    await live.attach();
    await channel.publish("after", "");
    expect(namesOf(await live.history({ untilAttach: true }))).toEqual([]);
  });

  it("keeps maxMessagesKept messages for messageTtl, however many are in one publish", async () => {
    const { channel } = await published(5, { maxMessagesKept: 3 });
    expect(namesOf(await channel.history())).toEqual(["4", "3", "2"]);
    await channel.publish([{ name: "5" }, { name: "6" }]);
    expect(namesOf(await channel.history())).toEqual(["6", "5", "4"]);
    const brief = await published(1, {});
    advanceClock(120_001);
    await brief.channel.publish("fresh", "");
    expect(namesOf(await brief.channel.history())).toEqual(["fresh"]);
  });

  it("drops a repeated id, also after an older message with it is forgotten", async () => {
    const { channel } = await published(0, { maxMessagesKept: 2 });
    await channel.publish({ id: "order-7", name: "first" });
    advanceClock(130_000);
    await channel.publish({ id: "order-7", name: "again" });
    await channel.publish("other", "");
    await channel.publish({ id: "order-7", name: "repeat" });
    expect(namesOf(await channel.history())).toEqual(["other", "again"]);
  });

  it.each([
    { limit: 0 },
    { limit: 1_001 },
    { limit: -1 },
    { limit: "many" },
    { start: 2, end: 1 },
    { direction: "sideways" },
    { from_serial: "rubbish" },
  ])("refuses %o with 40003", async (params) => {
    const { channel } = await published(0);
    const error = await refusal(channel.history(params as Ably.RestHistoryParams));
    expect(error).toMatchObject({ code: 40003, statusCode: 400 });
  });
});

describe("the Link header", () => {
  it("has relative addresses of the first and the next page, and no next on the last page", async () => {
    const server = await start();
    const channel = rest(server).channels.get("c");
    for (let i = 0; i < 3; i++) await channel.publish(`${i}`, "");
    const get = (path: string) => fetch(`${server.url}/channels/c/${path}&key=${LOCAL_KEY}`);
    const links = (response: Response) => (response.headers.get("link") ?? "").split(", ");

    const first = await get("messages?limit=2");
    expect(links(first)).toEqual([
      expect.stringMatching(/^<\.\/messages\?[^,>]*limit=2[^,>]*>; rel="first"$/),
      expect.stringMatching(/^<\.\/messages\?[^,>]*limit=2[^,>]*>; rel="current"$/),
      expect.stringMatching(/^<\.\/messages\?[^,>]*limit=2[^,>]*>; rel="next"$/),
    ]);
    const next = /<\.\/([^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1];
    const last = await fetch(`${server.url}/channels/c/${next}`);
    expect(await last.json()).toHaveLength(1);
    expect(links(last).map((link) => /rel="(\w+)"/.exec(link)?.[1])).toEqual(["first", "current"]);
  });

  it("is the same at /history", async () => {
    const server = await start();
    await rest(server).channels.get("c").publish("n", "");
    const response = await fetch(`${server.url}/channels/c/history?key=${LOCAL_KEY}`);
    expect(await response.json()).toMatchObject([{ name: "n" }]);
    expect(response.headers.get("link")).toContain("<./history?");
  });
});
