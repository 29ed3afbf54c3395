import Ably from "ably";
import { describe, expect, it, vi } from "vitest";
import { Action, PresenceAction } from "../../../local-ably/protocol.ts";
import {
  FORMATS,
  Inbox,
  RawClient,
  connected,
  cutSocketOf,
  jwt,
  inSeconds,
  keepAway,
  next,
  reached,
  realtime,
  refusal,
  rest,
  start,
} from "./harness.ts";

type Server = Awaited<ReturnType<typeof start>>;

describe.each(FORMATS)("presence in %s", (format) => {
  /** A client that collects the presence events of the channel. */
  async function watch(server: Server) {
    const seen = new Inbox<Ably.PresenceMessage>();
    const channel = realtime(server, { format }).channels.get("c");
    await channel.presence.subscribe(seen.add);
    await channel.attach();
    return { channel, seen };
  }

  function member(server: Server, clientId: string, options: Ably.ClientOptions = {}) {
    const client = realtime(server, { format, params: { clientId }, ...options });
    return { client, presence: client.channels.get("c").presence };
  }

  const told = (messages: Ably.PresenceMessage[]) =>
    messages.map(({ action, clientId, data }) => [action, clientId, data]);

  it("delivers enter, update and leave with their data", async () => {
    const server = await start();
    const { seen } = await watch(server);
    const { client, presence } = member(server, "ada");
    await presence.enter({ at: 1 });
    await presence.update(Buffer.from("binary"));
    await presence.leave("bye");
    const messages = await seen.atLeast(3);
    expect(told(messages).map(([action, clientId]) => [action, clientId])).toEqual([
      ["enter", "ada"],
      ["update", "ada"],
      ["leave", "ada"],
    ]);
    expect([messages[0]?.data, messages[2]?.data]).toEqual([{ at: 1 }, "bye"]);
    expect(Buffer.from(messages[1]?.data).toString()).toBe("binary");
    expect(messages[0]).toMatchObject({
      id: expect.stringMatching(`^${client.connection.id}:\\d+:0$`),
      connectionId: client.connection.id,
    });
  });

  it("turns the update of an absent member into enter, and a repeated enter into update", async () => {
    const server = await start();
    const { seen } = await watch(server);
    const { presence } = member(server, "ada");
    await presence.update("1");
    await presence.enter("2");
    expect(told(await seen.atLeast(2))).toEqual([
      ["enter", "ada", "1"],
      ["update", "ada", "2"],
    ]);
  });

  it("repeats the last data and extras with a leave, and delivers no leave of an absent member", async () => {
    const server = await start();
    const { seen } = await watch(server);
    const { presence } = member(server, "*");
    await presence.get();
    await presence.leaveClient("nobody");
    await presence.enterClient("ada", "mine");
    await presence.leaveClient("ada");
    expect(told(await seen.atLeast(2))).toEqual([
      ["enter", "ada", "mine"],
      ["leave", "ada", "mine"],
    ]);
  });

  it("allows any clientId with a wildcard token, and only its own otherwise", async () => {
    const server = await start();
    const { presence } = member(server, "*");
    await Promise.all([presence.enterClient("a"), presence.enterClient("b")]);
    expect((await presence.get()).map(({ clientId }) => clientId).toSorted()).toEqual(["a", "b"]);
    const ada = member(server, "ada");
    const error = await refusal(ada.presence.enterClient("bob"));
    expect(error).toMatchObject({ code: 40012 });
  });

  it("keeps one member for each connection and clientId", async () => {
    const server = await start();
    const [one, two] = [member(server, "ada"), member(server, "ada")];
    await one.presence.enter("laptop");
    await two.presence.enter("phone");
    expect((await one.presence.get()).map(({ data }) => data).toSorted()).toEqual([
      "laptop",
      "phone",
    ]);
    const left = new Inbox<Ably.PresenceMessage>();
    await two.presence.subscribe("leave", left.add);
    await one.presence.leave();
    await left.atLeast(1);
    expect((await two.presence.get()).map(({ data }) => data)).toEqual(["phone"]);
  });

  it("synchronizes 110 members in pages, in the order of entering", async () => {
    const server = await start();
    const { presence } = member(server, "*");
    const entered = new Inbox<Ably.PresenceMessage>();
    await presence.subscribe("enter", entered.add);
    const ids = Array.from({ length: 110 }, (_, i) => `m${i}`);
    await Promise.all(ids.map((id) => presence.enterClient(id, `data of ${id}`)));
    const before = (await entered.atLeast(110)).map(({ clientId, id, timestamp, data }) => ({
      clientId,
      id,
      timestamp,
      data,
    }));
    const { channel } = await watch(server);
    const members = await channel.presence.get();
    expect(members).toHaveLength(110);
    expect(members).toEqual(
      expect.arrayContaining(before.map((one) => expect.objectContaining(one))),
    );
  });

  it("ends at once after a close or a detach", async () => {
    const server = await start();
    const { seen } = await watch(server);
    const [ada, bob] = [member(server, "ada"), member(server, "bob")];
    await ada.presence.enter();
    await bob.presence.enter();
    ada.client.close();
    await bob.client.channels.get("c").detach();
    const left = (await seen.atLeast(4)).slice(2).map(({ action, clientId }) => [action, clientId]);
    expect(left.toSorted()).toEqual([
      ["leave", "ada"],
      ["leave", "bob"],
    ]);
  });

  it("stays through a drop and a resume, unnoticed by others", async () => {
    const server = await start();
    const { seen, channel } = await watch(server);
    const { client, presence } = member(server, "ada");
    await presence.enter("1");
    const away = next(client.connection, "disconnected");
    cutSocketOf(client, server);
    await away;
    await reached(client, "connected");
    await presence.update("2");
    expect(told(await seen.atLeast(2))).toEqual([
      ["enter", "ada", "1"],
      ["update", "ada", "2"],
    ]);
    expect(await channel.presence.get()).toHaveLength(1);
  });

  it("ends in a channel that the client closes while its connection is lost", async () => {
    const server = await start({ remainPresentFor: 400 });
    const { seen } = await watch(server);
    const { client, presence } = member(server, "ada");
    await presence.enter("1");
    const away = next(client.connection, "disconnected");
    cutSocketOf(client, server);
    await away;
    await client.channels.get("c").detach();
    await reached(client, "connected");
    expect(told(await seen.atLeast(2))[1]).toEqual(["leave", "ada", "1"]);
  });

  it.each([
    ["the server's default", { remainPresentFor: 40 }, {}],
    ["the client's own", {}, { transportParams: { remainPresentFor: "40" } }],
  ])("ends some time after a lost connection, by %s", async (_whose, settings, options) => {
    const server = await start(settings);
    const { seen } = await watch(server);
    const { client, presence } = member(server, "ada", options);
    await presence.enter("last");
    const cutAt = Date.now();
    await keepAway(client, server);
    expect(told(await seen.atLeast(2))[1]).toEqual(["leave", "ada", "last"]);
    expect(Date.now() - cutAt).toBeGreaterThanOrEqual(39);
  });

  it("is entered again, as a new member, after a failed resume", async () => {
    const server = await start();
    const { client, presence } = member(server, "ada", { disconnectedRetryTimeout: 50 });
    await presence.enter("still me");
    const { id } = client.connection;
    server.faults.forget();
    await vi.waitFor(() => expect(client.connection.id).not.toBe(id));
    await reached(client, "connected");
    const { seen } = await watch(server);
    expect((await seen.atLeast(1)).at(0)).toMatchObject({
      clientId: "ada",
      data: "still me",
      connectionId: client.connection.id,
    });
  });

  it("is brought up to date at a resume", async () => {
    const server = await start();
    const watcher = realtime(server, { format, disconnectedRetryTimeout: 50 });
    const seen = new Inbox<Ably.PresenceMessage>();
    await watcher.channels.get("c").presence.subscribe(seen.add);
    await connected(watcher);
    const [ada, bob] = [member(server, "ada"), member(server, "bob")];
    await bob.presence.enter();
    await ada.presence.enter();
    await seen.atLeast(2);
    // Only the watcher is away: the others stay connected.
    const letBack = await keepAway(watcher, server);
    await ada.presence.leave("gone");
    letBack();
    expect(told(await seen.atLeast(3))[2]).toEqual(["leave", "ada", "gone"]);
    const members = await watcher.channels.get("c").presence.get();
    expect(members.map(({ clientId }) => clientId)).toEqual(["bob"]);
  });

  it("above maxPresenceMembers is refused with 91003", async () => {
    const server = await start({ maxPresenceMembers: 1 });
    const { presence } = member(server, "*");
    await presence.enterClient("a");
    expect(await refusal(presence.enterClient("b"))).toMatchObject({ code: 91003 });
    await presence.updateClient("a", "still");
  });

  it("can be read over REST, by clientId, by connectionId and with a limit", async () => {
    const server = await start();
    const { client, presence } = member(server, "*");
    for (const id of ["a", "b", "c"]) await presence.enterClient(id, { id });
    await member(server, "a").presence.enter();
    const api = rest(server, { format }).channels.get("c").presence;
    expect((await api.get()).items).toHaveLength(4);
    expect((await api.get({ clientId: "a" })).items).toHaveLength(2);
    const connectionId = client.connection.id ?? "";
    const { items } = await api.get({ connectionId, clientId: "a" });
    expect(items).toMatchObject([
      { action: "present", clientId: "a", connectionId, data: { id: "a" } },
    ]);
    const page = await api.get({ limit: 3 });
    expect(page.items).toHaveLength(3);
    expect((await page.next())?.items).toHaveLength(1);
    expect((await rest(server, { format }).channels.get("d").presence.get()).items).toEqual([]);
  });

  it("is paged over REST without gaps while members change, with any characters in the query", async () => {
    const server = await start();
    const both = [member(server, "*"), member(server, "*")];
    for (const { presence } of both) {
      for (const id of ["a b+c", "d", "e"]) await presence.enterClient(id);
    }
    const api = rest(server, { format }).channels.get("c").presence;
    const seen: string[] = [];
    let page: Ably.PaginatedResult<Ably.PresenceMessage> | null = await api.get({ limit: 1 });
    for (; page; page = await page.next()) {
      for (const { clientId, connectionId } of page.items) {
        seen.push(`${connectionId} ${clientId}`);
        // What the page ended with is never where it was.
        const own = both.find(({ client }) => client.connection.id === connectionId);
        await own?.presence.updateClient(clientId, `seen ${seen.length}`);
      }
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
    const first = await api.get({ clientId: "a b+c", limit: 1 });
    expect((await first.next())?.items.map(({ clientId }) => clientId)).toEqual(["a b+c"]);
  });

  it("has a history with data", async () => {
    const server = await start();
    const { client, presence } = member(server, "ada");
    await presence.enter("1");
    await presence.update("2");
    await presence.leave();
    const expected = [
      ["leave", "ada", "2"],
      ["update", "ada", "2"],
      ["enter", "ada", "1"],
    ];
    const { items } = await client.channels.get("c").presence.history();
    expect(told(items)).toEqual(expected);
    const api = rest(server, { format }).channels.get("c").presence;
    const forwards = await api.history({ direction: "forwards", limit: 2 });
    expect(told(forwards.items)).toEqual(expected.toReversed().slice(0, 2));
    expect(told((await forwards.next())?.items ?? [])).toEqual(expected.slice(0, 1));
  });
});

describe("Presence on the protocol level", () => {
  async function open(query: Record<string, string> = {}) {
    const client = new RawClient(await start(), query);
    await client.next();
    return client;
  }
  const enter = (msgSerial: number, item: Record<string, unknown> = {}) => ({
    action: Action.PRESENCE,
    channel: "c",
    msgSerial,
    presence: [{ action: PresenceAction.ENTER, ...item }],
  });

  it.each([
    ["no clientId", {}, {}, 91000],
    ["an empty clientId", {}, { clientId: "" }, 40012],
    ["the wildcard for a clientId", {}, { clientId: "*" }, 40012],
    ["another clientId", { clientId: "ada" }, { clientId: "bob" }, 40012],
  ])("with %s is refused", async (_what, query, item, code) => {
    const client = await open(query);
    await client.ask({ action: Action.ATTACH, channel: "c" });
    expect(await client.ask(enter(0, item))).toMatchObject({
      action: Action.NACK,
      msgSerial: 0,
      error: { code, statusCode: 400 },
    });
  });

  it.each([PresenceAction.ABSENT, 7, undefined])("with action %s is refused", async (action) => {
    const client = await open({ clientId: "ada" });
    await client.ask({ action: Action.ATTACH, channel: "c" });
    expect((await client.ask(enter(0, { action }))).error).toMatchObject({ code: 40000 });
  });

  it("that is sent again after a drop is delivered once", async () => {
    const server = await start();
    const seen = new Inbox<Ably.PresenceMessage>();
    await realtime(server).channels.get("c").presence.subscribe(seen.add);
    const first = new RawClient(server, { clientId: "ada" });
    const { connectionDetails } = await first.next();
    const frames = [enter(0), enter(1, { action: PresenceAction.LEAVE })];
    await first.ask({ action: Action.ATTACH, channel: "c" });
    for (const frame of frames) first.send(frame);
    await seen.atLeast(2);
    first.socket.terminate();
    await first.closed;

    const resume = String(connectionDetails?.connectionKey);
    const second = new RawClient(server, { clientId: "ada", resume });
    await second.next();
    await second.ask({ action: Action.ATTACH, channel: "c" });
    for (const frame of [...frames, enter(2, { data: "new" })]) second.send(frame);
    const told = (await seen.atLeast(3)).map(({ action, data }) => [action, data]);
    expect(told).toEqual([
      ["enter", undefined],
      ["leave", undefined],
      ["enter", "new"],
    ]);
  });

  it("of an anonymous token is refused with 91000", async () => {
    const access_token = jwt({ iat: inSeconds(0), exp: inSeconds(60) });
    const client = await open({ key: "", access_token });
    await client.ask({ action: Action.ATTACH, channel: "c" });
    expect((await client.ask(enter(0))).error).toMatchObject({ code: 91000, statusCode: 400 });
  });

  it("without attaching is refused with 91001", async () => {
    const client = await open({ clientId: "ada" });
    expect((await client.ask(enter(0))).error).toMatchObject({ code: 91001, statusCode: 400 });
  });

  it("keeps extras on enter and on leave", async () => {
    const client = await open({ clientId: "ada" });
    await client.ask({ action: Action.ATTACH, channel: "c" });
    const extras = { headers: { colour: "red" }, locks: [{ id: "slide" }] };
    client.send(enter(0, { extras, data: "d" }));
    const leave = { action: PresenceAction.LEAVE };
    client.send({ ...enter(1), presence: [leave] });
    const frames = await client.inbox.atLeast(6);
    const told = frames.filter(({ action }) => action === Action.PRESENCE);
    expect(told.map(({ presence }) => presence)).toMatchObject([
      [{ action: PresenceAction.ENTER, extras, data: "d" }],
      [{ action: PresenceAction.LEAVE, extras, data: "d" }],
    ]);
  });

  it("answers a SYNC that a client asks for, with the members as they entered", async () => {
    const client = await open({ clientId: "ada" });
    await client.ask({ action: Action.ATTACH, channel: "c" });
    client.send(enter(0, { data: "d" }));
    const frames = await client.inbox.atLeast(4);
    const entered = frames.find(({ action }) => action === Action.PRESENCE);
    client.send({ action: Action.SYNC, channel: "c" });
    const sync = (await client.inbox.atLeast(5))[4];
    expect(sync).toMatchObject({
      action: Action.SYNC,
      channelSerial: expect.stringMatching(/^[^:]+:$/),
    });
    const [member] = (entered?.presence ?? []) as Record<string, unknown>[];
    expect(sync?.presence).toEqual([{ ...member, action: PresenceAction.PRESENT }]);
  });

  it("accepts 250 members that one connection enters in one go", async () => {
    const server = await start({ maxPresenceMembers: 250 });
    const { presence } = realtime(server, { params: { clientId: "*" } }).channels.get("c");
    const names = Array.from({ length: 250 }, (_, i) => `m${i}`);
    await Promise.all(names.map((name) => presence.enterClient(name)));
    const reader = realtime(server).channels.get("c");
    await reader.attach();
    const members = await reader.presence.get();
    expect(members.map(({ clientId }) => clientId).toSorted()).toEqual(names.toSorted());
  });

  it("pages a SYNC with a cursor, which is empty on the last", async () => {
    const server = await start({ maxPresenceMembers: 250 });
    const client = new RawClient(server);
    await client.next();
    await client.ask({ action: Action.ATTACH, channel: "c", flags: 1 << 16 });
    const presence = Array.from({ length: 201 }, (_, i) => ({
      action: PresenceAction.ENTER,
      clientId: `m${i}`,
    }));
    await client.ask({ action: Action.PRESENCE, channel: "c", msgSerial: 0, presence });
    const reader = new RawClient(server);
    await reader.next();
    const attached = await reader.ask({ action: Action.ATTACH, channel: "c" });
    expect(Number(attached.flags) & 1).toBe(1);
    const pages = [await reader.next(), await reader.next(), await reader.next()];
    expect(pages.map((page) => (page.presence as unknown[]).length)).toEqual([100, 100, 1]);
    const cursors = pages.map(({ channelSerial }) => String(channelSerial).split(":"));
    expect(new Set(cursors.map(([id]) => id)).size).toBe(1);
    expect(cursors.map(([, cursor]) => cursor === "")).toEqual([false, false, true]);
  });

  it("prefers the highest msgSerial and index, in whatever order they arrive", async () => {
    const client = await open({ clientId: "ada" });
    await client.ask({ action: Action.ATTACH, channel: "c", flags: 1 << 16 });
    await client.ask(enter(5, { data: "newer" }));
    await client.ask(enter(4, { data: "older" }));
    const attached = await client.ask({ action: Action.ATTACH, channel: "c" });
    expect(attached.action).toBe(Action.ATTACHED);
    expect((await client.next()).presence).toMatchObject([{ data: "newer" }]);
  });
});
