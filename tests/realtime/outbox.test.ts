import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Room, type RoomMessage, type Unsent, openRoom } from "../../src/realtime/index.ts";
import { OutboxStorage } from "../../src/realtime/outbox-storage.ts";
import { Outbox } from "../../src/realtime/outbox.ts";
import type { Contract } from "../../src/realtime/contract.ts";
import { type Notes, notes } from "../support/contract.ts";
import { ROOT } from "../support/copy.ts";
import { hasLocalAbly } from "../support/local-ably.ts";
import { type FakeStorages, createStorages, openFake } from "../support/storage.ts";
import { type TabOptions, signFor, transportOf, useLocalAbly } from "../support/tab.ts";

const MINUTE_MS = 60_000;
const offline = { ably: { autoConnect: false } };
/** Without it, nothing says when the SDK is about to publish again. */
const hasSafeDecoding = existsSync(join(ROOT, "src/realtime/safe-decoding.ts"));

describe.runIf(hasLocalAbly)("a message that Ably has not acknowledged", () => {
  const { openTab, publishAll, server } = useLocalAbly();
  let storages: FakeStorages;
  let roomName: string;
  let count = 0;

  beforeEach(() => {
    storages = createStorages();
    roomName = `outbox ${count++}`;
  });
  afterEach(() => {
    vi.useRealTimers();
    server().faults.release();
    server().faults.refuseConnections(0);
  });

  /** One load of Ada's page. */
  function load(options: TabOptions = {}) {
    const tab = openTab("ada", { storages, ...options });
    let unsent: Unsent<Notes>[] = [];
    const open = (): Room<Notes> =>
      openRoom(
        tab.connection,
        notes,
        roomName,
        { profile: { name: "Ada" }, headers: () => ({ name: "Ada" }) },
        { unsent: (list) => (unsent = list) },
      );
    const room = open();
    const send = (text: string, id?: string) => room.send("note", { text }, id);
    return {
      ...tab,
      room,
      open,
      send,
      unsent: () => unsent,
      states: () => unsent.map(({ data, delivery }) => `${data.text}: ${delivery}`),
      connect: () => tab.connection.retry(),
    };
  }

  /** Ada's page after a message that Ably has, and its channel. */
  async function loadAfterZero() {
    const page = load();
    await page.send("zero");
    await expect.poll(page.states).toEqual([]);
    return { page, channel: page.room.channel };
  }

  /** Sends a message that reaches Ably, and whose answer is held back. */
  async function sendUnanswered({ send, states }: ReturnType<typeof load>, id?: string) {
    await send("before");
    await expect.poll(states).toEqual([]);
    server().faults.hold();
    const sent = send("once", id);
    await expect.poll(states).toEqual(["once: publishing"]);
    // It has reached Ably: an answer to a later request shows that.
    await fetch(`http://127.0.0.1:${server().port}/time`);
    return { sent };
  }

  /** What the others see. */
  async function watch({ connection: { client } } = openTab("bob")): Promise<string[]> {
    const texts: string[] = [];
    await client.channels
      .get(`room:${roomName}`)
      .subscribe((message) => texts.push(message.data.text));
    return texts;
  }

  /** Changes what the tab has stored about its one message. */
  function changeStored(change: object): void {
    const { sessionStorage } = storages;
    const key = Object.keys(sessionStorage).find((each) => each.startsWith("unsent/")) ?? "";
    const stored = JSON.parse(sessionStorage.getItem(key) ?? "null");
    sessionStorage.setItem(key, JSON.stringify({ ...stored, ...change }));
  }

  /** Sets the clock forward. Timers do not notice, as on a computer that slept. */
  function advanceClock(ms: number): void {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms, shouldAdvanceTime: true });
  }

  it("comes back to a room that was closed and opened again, also without a history", async () => {
    const { connection, room: first } = load();
    await expect.poll(() => first.channel.state).toBe("attached");
    first.close();
    const texts: (string | undefined)[] = [];
    const options = { presence: "none", history: 0 } as const;
    const message = ({ content }: RoomMessage<Notes>) => texts.push(content?.data.text);
    const room = openRoom(connection, notes, roomName, options, { message });
    await room.send("note", { text: "sent" });
    await expect.poll(() => texts).toEqual(["sent"]);
  });

  it("is sent if the new token permits a room that Ably had refused before", async () => {
    let capability: object = { "room:another": ["*"] };
    const { connection, room, send } = load({ requestToken: () => signFor("ada", capability) });
    await expect.poll(() => room.channel.state).toBe("failed");
    capability = { "room:*": ["*"] };
    const restarted = connection.restart();
    await connection.client.connection.whenState("closed");
    const sent = send("waited");
    await restarted;
    await sent;
  });

  it("is sent after a reload, in order, and once", async () => {
    const bob = await watch();
    const before = load(offline);
    for (const text of ["one", "two"]) void before.send(text);
    expect(before.states()).toEqual(["one: waiting", "two: waiting"]);
    before.connection.close();
    const after = load();
    expect(after.states()).toEqual(["one: waiting", "two: waiting"]);
    await after.send("three");
    await expect.poll(() => bob).toEqual(["one", "two", "three"]);
    await expect.poll(after.states).toEqual([]);
  });

  it("keeps what it was when it was sent", async () => {
    const { client } = openTab("bob").connection;
    const texts: string[] = [];
    await client.channels
      .get(`room:${roomName}`)
      .subscribe(({ data, extras }) => texts.push(`${data.text} of ${extras?.headers?.name}`));
    const { connection } = load(offline);
    const [note, headers] = [{ text: "one" }, { name: "Ada" }];
    const options = { presence: "none", headers: () => headers } as const;
    const room = openRoom(connection, notes, roomName, options);
    void room.send("note", note);
    note.text = "two";
    headers.name = "Bob";
    void room.send("note", note);
    connection.retry();
    await expect.poll(() => texts).toEqual(["one of Ada", "two of Bob"]);
  });

  it("has the types of its schema while it waits", () => {
    const days = {
      messages: {
        day: v.pipe(
          v.string(),
          v.transform((text) => new Date(text)),
        ),
      },
      profile: v.object({}),
    } satisfies Contract;
    const { connection } = openTab("ada", { storages, ...offline });
    let unsent: Unsent<typeof days>[] = [];
    const listen = { unsent: (list: typeof unsent) => (unsent = list) };
    const room = openRoom(connection, days, roomName, { presence: "none" }, listen);
    void room.send("day", new Date(0));
    expect(unsent[0]?.data).toEqual(new Date(0));
  });

  it("is sent and listed, though its schema has become stricter than its type", async () => {
    const short = {
      messages: { note: v.object({ text: v.pipe(v.string(), v.maxLength(3)) }) },
      profile: v.object({}),
    } satisfies Contract;
    const { connection } = openTab("ada", { storages, ...offline });
    let texts: string[] = [];
    const listen = {
      unsent: (list: Unsent<typeof short>[]) => (texts = list.map(({ data }) => data.text)),
    };
    const room = openRoom(connection, short, roomName, { presence: "none" }, listen);
    const sent = room.send("note", { text: "too long" });
    expect(texts).toEqual(["too long"]);
    connection.retry();
    await sent;
  });

  it("says that it waits for its turn while the one before it is on its way", async () => {
    const page = load(offline);
    vi.spyOn(page.room.channel, "publish").mockImplementation(() => new Promise<never>(() => {}));
    for (const text of ["one", "two"]) void page.send(text);
    page.connect();
    await expect.poll(page.states).toEqual(["one: publishing", "two: waiting"]);
    expect(page.unsent()[1]?.waitsFor).toBe("turn");
  });

  it("is forgotten when Ably drops it, because its ID was used before", async () => {
    const page = load();
    await page.send("order 7", "order-7");
    await expect.poll(page.states).toEqual([]);
    await page.send("order 7", "order-7");
    expect(page.states()).toEqual([]);
  });

  it("keeps its headers over a reload, except those that are not text", async () => {
    const headers: unknown[] = [];
    const { client } = openTab("bob").connection;
    await client.channels
      .get(`room:${roomName}`)
      .subscribe(({ extras }) => headers.push(extras?.headers));
    const before = load(offline);
    void before.send("one");
    before.connection.close();
    await load().connection.client.connection.whenState("connected");
    await expect.poll(() => headers).toEqual([{ name: "Ada" }]);
    const broken = load(offline);
    void broken.send("two");
    broken.connection.close();
    changeStored({ headers: { name: 7, other: "text" } });
    load();
    await expect.poll(() => headers).toEqual([{ name: "Ada" }, { other: "text" }]);
  });

  it("says when Ably has it, and is forgotten when the room has delivered it", async () => {
    const page = load();
    const seen: string[] = [];
    const unsent = (list: Unsent<Notes>[]) => seen.push(...list.map(({ delivery }) => delivery));
    openRoom(page.connection, notes, roomName, { presence: "none" }, { unsent });
    // Local Ably delivers a message before it acknowledges it.
    vi.spyOn(Outbox.prototype, "echo").mockImplementationOnce(function (this: Outbox<Notes>, id) {
      void sent.then(() => this.echo(id));
    });
    const sent = page.send("one");
    await expect.poll(page.states).toEqual([]);
    expect([...new Set(seen)]).toEqual(["waiting", "publishing", "acknowledged"]);
    expect(Object.keys(storages.sessionStorage).filter((key) => key.startsWith("unsent"))).toEqual(
      [],
    );
  });

  it("is not published twice if the page was gone before the answer came", async () => {
    const bob = await watch();
    const before = load();
    await before.send("first");
    await expect.poll(before.states).toEqual([]);
    server().faults.hold();
    void before.send("once", "its-id").catch(() => {});
    await expect.poll(before.states).toEqual(["once: publishing"]);
    const crashed = storages.sessionStorage.copy();
    before.connection.close();
    server().faults.release();
    storages = { ...storages, sessionStorage: crashed };
    const after = load();
    await expect.poll(after.states).toEqual([]);
    await after.send("next");
    await expect.poll(() => bob).toEqual(["first", "once", "next"]);
  });

  it("does not wait to come back if more came after it than Ably delivers to a new page", async () => {
    void load(offline).send("at Ably already", "its-id");
    changeStored({ publishedAt: Date.now() });
    const message = { id: "its-id", name: "note", data: { text: "at Ably already" } };
    await openTab("ada").connection.client.channels.get(`room:${roomName}`).publish(message);
    const flood = Array.from({ length: 120 }, () => ({ name: "note", data: { text: "flood" } }));
    await publishAll(`room:${roomName}`, flood);
    const after = load();
    await expect.poll(after.states).toEqual([]);
    expect(Object.keys(storages.sessionStorage).filter((key) => key.startsWith("unsent"))).toEqual(
      [],
    );
  });

  it("waits for a decision if it may have been sent over two minutes ago", async () => {
    const bob = await watch();
    void load(offline).send("first");
    changeStored({ publishedAt: Date.now() - 2 * MINUTE_MS });
    const after = load();
    expect(after.states()).toEqual(["first: unconfirmed"]);
    await after.send("second");
    expect(bob).toEqual(["second"]);
    after.room.retry(after.unsent()[0]?.id ?? "");
    await expect.poll(after.states).toEqual([]);
    await expect.poll(() => bob).toEqual(["second", "first"]);
  });

  it.runIf(hasSafeDecoding)(
    "waits for a decision if the connection was away for two minutes",
    async () => {
      const bob = await watch();
      // Ably would refuse the token of somebody who connects with a clock that is two minutes off.
      const zoe = openTab("zoe");
      await zoe.connection.client.connection.whenState("connected");
      const page = load();
      const { sent } = await sendUnanswered(page);
      server().faults.refuseConnections(10 * MINUTE_MS);
      server().faults.dropAll();
      advanceClock(2 * MINUTE_MS);
      server().faults.release();
      server().faults.refuseConnections(0);
      const refused = expect(sent).rejects.toMatchObject({ code: 0 });
      page.connect();
      await expect.poll(page.states).toEqual(["once: unconfirmed"]);
      await refused;
      const later = await watch(zoe);
      await page.send("after");
      await expect.poll(() => later).toContain("after");
      expect(bob.filter((text) => text === "once").length).toBeLessThanOrEqual(1);
      expect(later.filter((text) => text === "once")).toEqual([]);
    },
  );

  it.runIf(hasSafeDecoding)(
    "waits for a decision if the computer slept for two minutes before it connected again",
    async () => {
      const page = load();
      const { sent } = await sendUnanswered(page);
      const refused = expect(sent).rejects.toMatchObject({ code: 0 });
      server().faults.refuseConnections(10 * MINUTE_MS);
      server().faults.dropAll();
      await expect.poll(() => page.connection.status.state).toBe("disconnected");
      // After two minutes Ably knows neither the connection nor the IDs.
      server().faults.forget();
      advanceClock(2 * MINUTE_MS);
      server().faults.release();
      server().faults.refuseConnections(0);
      page.connect();
      await refused;
      expect(page.states()).toEqual(["once: unconfirmed"]);
    },
  );

  it.runIf(hasSafeDecoding)(
    "waits for a decision if the computer slept while it connected again",
    async () => {
      const page = load();
      const { sent } = await sendUnanswered(page);
      const refused = expect(sent).rejects.toMatchObject({ code: 0 });
      const states: string[] = [];
      page.connection.onStatus(({ state }) => states.push(state));
      const frames: string[] = [];
      const realSend = WebSocket.prototype.send;
      vi.spyOn(WebSocket.prototype, "send").mockImplementation(function (this: WebSocket, frame) {
        frames.push(String(frame));
        realSend.call(this, frame);
      });
      server().faults.dropAll();
      await expect.poll(() => states.at(-1)).toBe("connecting");
      advanceClock(2 * MINUTE_MS);
      server().faults.release();
      await refused;
      expect(page.states()).toEqual(["once: unconfirmed"]);
      await page.send("after");
      expect(frames.filter((frame) => frame.includes("after"))).toHaveLength(1);
      expect(frames.filter((frame) => frame.includes("once"))).toEqual([]);
    },
  );

  it("is not sent again after a way back, if the next page of the tab has sent it", async () => {
    const page = load();
    const { sent } = await sendUnanswered(page, "its-id");
    const { connection } = page.connection.client;
    const { id } = connection;
    const storage = new OutboxStorage(openFake(storages), page.room.channel.name, "ada");
    storage.remove("its-id");
    storage.savePublished("its-id", { at: Date.now(), isAcknowledged: true });
    page.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await sent;
    expect(page.states()).toEqual([]);
    server().faults.release();
    // Another connection: the SDK has forgotten the message.
    await expect.poll(() => connection.state === "connected" && connection.id !== id).toBe(true);
  });

  it("keeps the time of its first publish, which a copy of the tab has made", async () => {
    const page = load(offline);
    void page.send("once", "its-id").catch(() => {});
    const storage = new OutboxStorage(openFake(storages), page.room.channel.name, "ada");
    const at = Date.now() - MINUTE_MS;
    storage.savePublished("its-id", { at, isAcknowledged: false });
    const save = vi.spyOn(OutboxStorage.prototype, "savePublished");
    page.connect();
    await expect.poll(page.states).toEqual([]);
    expect(save.mock.calls[0]).toEqual(["its-id", { at, isAcknowledged: false }]);
  });

  it("is no question after a load if Ably has it from a copy of the tab", () => {
    const before = load(offline);
    void before.send("once", "its-id").catch(() => {});
    changeStored({ publishedAt: Date.now() - 3 * MINUTE_MS });
    const storage = new OutboxStorage(openFake(storages), before.room.channel.name, "ada");
    storage.savePublished("its-id", { at: Date.now() - 3 * MINUTE_MS, isAcknowledged: true });
    expect(load(offline).states()).toEqual([]);
    expect(storage.load()).toEqual([]);
  });

  it("is forgotten if Ably has it from a copy of the tab, and no longer delivers it", async () => {
    const { connection } = openTab("ada", { storages, ...offline });
    let unsent: Unsent<Notes>[] = [];
    const options = { presence: "none", history: 0 } as const;
    const listen = { unsent: (list: Unsent<Notes>[]) => (unsent = list) };
    const room = openRoom(connection, notes, roomName, options, listen);
    const sent = room.send("note", { text: "once" }, "its-id");
    const storage = new OutboxStorage(openFake(storages), room.channel.name, "ada");
    storage.savePublished("its-id", { at: Date.now(), isAcknowledged: false });
    const message = { id: "its-id", name: "note", data: { text: "once" } };
    await openTab("ada").connection.client.channels.get(room.channel.name).publish(message);
    connection.retry();
    await sent;
    expect(unsent).toEqual([]);
  });

  it("is sent after its connection failed and its room was closed", async () => {
    const bob = await watch();
    const { page } = await loadAfterZero();
    vi.spyOn(Math, "random").mockReturnValue(0);
    const error = { code: 50003, statusCode: 500, message: "Refused for a test." };
    transportOf(page.connection.client).onProtocolMessage({ action: 9, error });
    await expect.poll(() => page.connection.status.state).toBe("failed");
    const sent = page.send("waits");
    page.room.close();
    await sent;
    await expect.poll(() => bob).toEqual(["zero", "waits"]);
    await expect.poll(() => page.room.channel.state).toBe("detached");
  });

  it("waits for a decision if the clock was set back since it was published", () => {
    void load(offline).send("first");
    changeStored({ publishedAt: Date.now() + MINUTE_MS });
    expect(load(offline).states()).toEqual(["first: unconfirmed"]);
  });

  it("is not sent by a duplicated tab after its original has sent it", async () => {
    const bob = await watch();
    const original = load(offline);
    void original.send("once");
    const copied = { ...storages, sessionStorage: storages.sessionStorage.copy() };
    original.connect();
    await expect.poll(() => bob).toEqual(["once"]);
    await expect.poll(original.states).toEqual([]);
    // Ably no longer drops a repeat, as after two minutes.
    server().faults.forget();
    const copy = load({ storages: copied });
    await copy.send("by the copy");
    await expect.poll(() => bob).toEqual(["once", "by the copy"]);
    await expect.poll(copy.states).toEqual([]);
  });

  it("is read again after a way back, in case the next page of the tab has sent it", async () => {
    const bob = await watch();
    const kept = load(offline);
    void kept.send("typed before leaving");
    const next = load();
    await expect.poll(() => bob).toEqual(["typed before leaving"]);
    next.connection.close();
    kept.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    expect(kept.states()).toEqual([]);
    kept.connect();
    await kept.send("back");
    await expect.poll(() => bob).toEqual(["typed before leaving", "back"]);
  });

  it("keeps its order if the next page of the tab has written more", async () => {
    const kept = load(offline);
    void kept.send("one");
    void load(offline).send("two");
    // The room opens in a later task.
    await new Promise((resolve) => setImmediate(resolve));
    kept.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    expect(kept.states()).toEqual(["one: waiting", "two: waiting"]);
  });

  it.each([
    ["undefined", { data: undefined }],
    ["null", { data: null }],
    ["of another type", { data: { text: 5 } }],
    ["an array", { data: [] }],
    ["with a name that every object has", { name: "toString" }],
    ["with an error that is text", { error: "boom" }],
    ["with an error whose message is no text", { error: { code: 1, statusCode: 1, message: {} } }],
    ["without an ID", { id: "" }],
    ["with a time that is no number", { writtenAt: null }],
    ["with a time of publishing that is no number", { publishedAt: "x" }],
  ])("is skipped if what is stored is %s", (_what, change) => {
    const page = load(offline);
    void page.send("broken");
    changeStored(change);
    void page.send("good");
    expect(load(offline).states()).toEqual(["good: waiting"]);
  });

  it("survives storage that something else has written to", () => {
    void load(offline).send("good");
    const [key = ""] = Object.keys(storages.sessionStorage);
    for (const text of ["", "{", "null", "[]", '{"id":1}']) {
      storages.sessionStorage.setItem(key.replace(/[^/]+$/, `${text.length}`), text);
    }
    expect(load(offline).states()).toEqual(["good: waiting"]);
  });

  it("that was written hours ago and never published is published", async () => {
    const bob = await watch();
    void load(offline).send("written in a tunnel");
    changeStored({ writtenAt: Date.now() - 500 * MINUTE_MS });
    load();
    await expect.poll(() => bob).toEqual(["written in a tunnel"]);
  });

  it("that Ably refused stays, over a reload too, until it is sent again or deleted", async () => {
    const before = load();
    await expect(before.send("x".repeat(70_000))).rejects.toMatchObject({ code: 40009 });
    await expect(before.send("small")).resolves.toBeUndefined();
    before.connection.close();
    const after = load();
    expect(after.unsent()).toMatchObject([{ delivery: "failed", error: { code: 40009 } }]);
    after.room.discard(after.unsent()[0]?.id ?? "");
    expect(after.states()).toEqual([]);
    expect(load().states()).toEqual([]);
  });

  it("belongs to its room", () => {
    void load(offline).send("for this room");
    const here = roomName;
    roomName = `${here} not`;
    expect(load(offline).states()).toEqual([]);
    roomName = here;
    expect(load(offline).states()).toEqual(["for this room: waiting"]);
  });

  it.each([
    ["user:1", "user"],
    ["user", "user:1"],
    ["user/1", "user"],
    ["ada", "eve"],
  ])("belongs to the person who wrote it: %s, and not %s", (writer, reader) => {
    const writing = openTab(writer, { storages, ...offline });
    const options = { profile: { name: "A" } };
    void openRoom(writing.connection, notes, roomName, options).send("note", { text: "mine" });
    let unsent: Unsent<Notes>[] = [];
    const reading = openTab(reader, { storages, ...offline });
    openRoom(reading.connection, notes, roomName, options, { unsent: (list) => (unsent = list) });
    expect(unsent).toEqual([]);
  });

  it("says so where storage is full, and is published all the same", async () => {
    const bob = await watch();
    storages.sessionStorage.fill();
    const page = load(offline);
    void page.send("only in memory");
    expect(page.unsent()[0]).toMatchObject({ delivery: "waiting", isStored: false });
    page.connect();
    await expect.poll(() => bob).toEqual(["only in memory"]);
  });

  it("says so beyond a bound on what is stored", () => {
    const page = load(offline);
    for (let i = 0; i < 21; i++) void page.send(`${i}${"x".repeat(50_000)}`);
    const isStored = page.unsent().map((message) => message.isStored);
    expect(isStored.slice(0, 19)).toEqual(Array.from({ length: 19 }, () => true));
    expect(isStored.at(-1)).toBe(false);
  });

  it("is stored as refused even if it then grows beyond the bound", () => {
    const storage = new OutboxStorage(openFake(storages), "room:lobby", "ada");
    const entry = { id: "its-id", name: "note", data: { text: "" }, writtenAt: 1 };
    entry.data.text = "x".repeat(1_000_000 - JSON.stringify(entry).length);
    expect(storage.save(entry)).toBe(true);
    const error = { code: 40009, statusCode: 400, message: "Too long" };
    expect(storage.save({ ...entry, error })).toBe(true);
    expect(storage.load()).toEqual([{ ...entry, error }]);
    expect(storage.save({ ...entry, id: "another" })).toBe(false);
  });

  it("leaves a bounded number of traces for copies of the tab", () => {
    const storage = new OutboxStorage(openFake(storages), "room:lobby", "ada");
    for (let i = 0; i < 1_000; i++) {
      storage.savePublished(`${i}`, { at: Date.now() + i, isAcknowledged: true });
    }
    expect(Object.keys(storages.localStorage).length).toBeLessThanOrEqual(600);
    expect(storage.readPublished("999")).toBeDefined();
  });

  it("is forgotten after a gap if Ably has acknowledged its repeat, and does not deliver it", async () => {
    const tab = openTab("ada", { storages });
    let unsent: Unsent<Notes>[] = [];
    const options = { presence: "none", history: 0 } as const;
    const room = openRoom(tab.connection, notes, roomName, options, {
      unsent: (list) => (unsent = list),
    });
    await room.send("note", { text: "zero" });
    await expect.poll(() => unsent).toEqual([]);
    server().faults.hold();
    const sent = room.send("note", { text: "one" });
    await expect.poll(() => unsent[0]?.delivery).toBe("publishing");
    await fetch(`http://127.0.0.1:${server().port}/time`);
    const restarted = tab.connection.restart();
    server().faults.release();
    await Promise.all([restarted, sent]);
    await expect.poll(() => unsent).toEqual([]);
  });

  it("waits for its room while Ably has not let it in again", async () => {
    const page = load();
    await page.send("zero");
    const { channel } = page.room;
    const suspend = Reflect.get(channel, "notifyState").bind(channel) as (state: string) => void;
    vi.spyOn(channel, "publish");
    suspend("suspended");
    void page.send("one");
    expect(page.unsent().at(-1)).toMatchObject({ delivery: "waiting", waitsFor: "room" });
  });

  it("waits its turn when many are sent at once, and all arrive in order", async () => {
    const bob = await watch();
    const page = load();
    const texts = Array.from({ length: 60 }, (_, index) => `${index}`);
    const sent = texts.map((text) => page.send(text));
    await expect.poll(() => page.unsent().at(-1)?.waitsFor).toBe("turn");
    await Promise.all(sent);
    await expect.poll(() => bob).toEqual(texts);
  });

  it("keeps its place if Ably refuses it for a moment, and waits longer each time", async () => {
    const bob = await watch();
    const { page, channel } = await loadAfterZero();
    const publish = channel.publish.bind(channel) as (message: unknown) => Promise<never>;
    const times: number[] = [];
    const limit = { code: 42911, statusCode: 429, message: "Rate limit exceeded" };
    vi.spyOn(Math, "random").mockReturnValue(0);
    vi.spyOn(channel, "publish").mockImplementation((message: unknown) => {
      times.push(performance.now());
      return times.length < 4 ? Promise.reject(limit) : publish(message);
    });
    const texts = ["one", "two", "three"];
    const sent = texts.map((text) => page.send(text));
    await expect.poll(() => page.unsent()[0]?.waitsFor).toBe("rate");
    await Promise.all(sent);
    await expect.poll(() => bob).toEqual(["zero", ...texts]);
    const waits = times.slice(1, 4).map((time, index) => time - (times[index] ?? 0));
    expect(waits[2]).toBeGreaterThan((waits[0] ?? 0) * 1.5);
  });

  it("says that it is sent again if Ably had an error", async () => {
    const { page, channel } = await loadAfterZero();
    const error = { code: 50000, statusCode: 500, message: "Internal error" };
    vi.spyOn(channel, "publish").mockRejectedValueOnce(error);
    const sent = page.send("one");
    await expect.poll(() => page.unsent().at(-1)?.waitsFor).toBe("error");
    await sent;
  });

  it("is sent if it came back from Ably, though its acknowledgement never came", async () => {
    const bob = await watch();
    const { page, channel } = await loadAfterZero();
    const publish = channel.publish.bind(channel) as (message: unknown) => Promise<never>;
    let isBack = false;
    await channel.subscribe(({ data }) => (isBack ||= data.text === "one"));
    vi.spyOn(channel, "publish").mockImplementationOnce(async (message: unknown) => {
      await publish(message);
      await vi.waitFor(() => expect(isBack).toBe(true));
      advanceClock(2 * MINUTE_MS);
      throw { code: 50003, statusCode: 500, message: "No answer" };
    });
    await page.send("one");
    expect(page.states()).toEqual([]);
    await expect.poll(() => bob).toEqual(["zero", "one"]);
  });

  it("keeps its place if the connection fails while it is published", async () => {
    const bob = await watch();
    const { page, channel } = await loadAfterZero();
    vi.spyOn(channel, "publish").mockImplementationOnce(async () => {
      page.connection.close();
      await page.connection.client.connection.whenState("closed");
      throw { code: 40300, statusCode: 403, message: "The function refused this page." };
    });
    const sent = ["one", "two"].map((text) => page.send(text));
    await page.connection.client.connection.whenState("closed");
    await expect.poll(page.states).toEqual(["one: waiting", "two: waiting"]);
    page.connect();
    await Promise.all(sent);
    await expect.poll(() => bob).toEqual(["zero", "one", "two"]);
  });

  it("that failed and that a copy of the tab has sent is not sent again", async () => {
    const { page, channel } = await loadAfterZero();
    const refusal = { code: 40000, statusCode: 400, message: "Refused once" };
    vi.spyOn(channel, "publish").mockRejectedValueOnce(refusal);
    await expect(page.send("one", "its-id")).rejects.toMatchObject(refusal);
    storages = { ...storages, sessionStorage: storages.sessionStorage.copy() };
    const copy = load(offline);
    expect(copy.states()).toEqual(["one: failed"]);
    page.room.retry("its-id");
    await expect.poll(page.states).toEqual([]);
    const publish = vi.spyOn(copy.room.channel, "publish");
    copy.room.retry("its-id");
    copy.connect();
    await expect.poll(copy.states).toEqual([]);
    expect(publish).not.toHaveBeenCalled();
  });

  it("is refused at once if it is no JSON, and the next one is sent", async () => {
    const page = load();
    await expect(page.room.send("note", { text: 1n } as never)).rejects.toThrow(TypeError);
    expect(page.states()).toEqual([]);
    const messages = { map: v.instance(Map), anything: v.unknown() };
    const { connection } = openTab("bob");
    const contract = { messages, profile: v.object({}) };
    const room = openRoom(connection, contract, roomName, { presence: "none" });
    await expect(room.send("map", new Map())).rejects.toThrow(TypeError);
    for (const bytes of [new ArrayBuffer(1), new Uint8Array(1)]) {
      await expect(room.send("anything", bytes)).rejects.toThrow(TypeError);
    }
    await page.send("next");
  });

  it("waits for a decision after two minutes, though Ably has limited the rate since", async () => {
    const { page, channel } = await loadAfterZero();
    vi.spyOn(channel, "publish")
      .mockRejectedValueOnce({ code: 50003, statusCode: 500, message: "No answer" })
      .mockImplementationOnce(async () => {
        advanceClock(2 * MINUTE_MS);
        throw { code: 42911, statusCode: 429, message: "Rate limit exceeded" };
      });
    await expect(page.send("one")).rejects.toMatchObject({ code: 0 });
    expect(page.states()).toEqual(["one: unconfirmed"]);
  });

  it("is not asked about if it comes back from Ably after all", async () => {
    void load(offline).send("at Ably already", "its-id");
    changeStored({ publishedAt: Date.now() - 2 * MINUTE_MS });
    const message = { id: "its-id", name: "note", data: { text: "at Ably already" } };
    await openTab("ada").connection.client.channels.get(`room:${roomName}`).publish(message);
    const after = load();
    expect(after.states()).toEqual(["at Ably already: unconfirmed"]);
    await expect.poll(after.states).toEqual([]);
  });

  it("waits while there is no connection, and says for what", async () => {
    const bob = await watch();
    const page = load();
    await page.send("before");
    await expect.poll(page.states).toEqual([]);
    page.connection.close();
    const sent = page.send("meanwhile");
    expect(page.unsent()).toMatchObject([{ delivery: "waiting", waitsFor: "connection" }]);
    page.connect();
    await sent;
    await expect.poll(() => bob).toEqual(["before", "meanwhile"]);
  });

  it("is published after its room was closed, and is reported no more", async () => {
    const bob = await watch();
    const page = load(offline);
    void page.send("typed before leaving");
    page.room.close();
    const before = page.states();
    page.connect();
    await expect.poll(() => bob).toEqual(["typed before leaving"]);
    expect(page.states()).toEqual(before);
  });

  it("is published though its room was closed, and somebody opens it again by mistake", async () => {
    const bob = await watch();
    const page = load();
    await page.send("before");
    page.connection.close();
    await page.connection.client.connection.whenState("closed");
    const sent = page.send("late");
    page.room.close();
    page.room.reopen();
    page.connect();
    await sent;
    expect(bob).toEqual(["before", "late"]);
  });

  it("is reported to two parts of a page that listen with one function", async () => {
    const listen = vi.fn();
    const { connection } = load(offline);
    const options = { presence: "none" } as const;
    const [one, other] = [1, 2].map(() => {
      return openRoom(connection, notes, roomName, options, { unsent: listen });
    });
    one?.close();
    void other?.send("note", { text: "hi" });
    expect(listen.mock.lastCall?.[0]).toMatchObject([{ data: { text: "hi" } }]);
  });

  it("is published if its room was opened once more, without an outbox, and closed", async () => {
    const bob = await watch();
    const page = load(offline);
    const sent = page.send("late");
    page.room.close();
    const options = { presence: "none", outbox: false } as const;
    const other = openRoom(page.connection, notes, roomName, options);
    page.connect();
    await expect.poll(() => other.channel.state).toBe("attaching");
    other.close();
    await sent;
    expect(bob).toEqual(["late"]);
  });

  it("keeps its order while its room is closed and opened again", async () => {
    const bob = await watch();
    const page = load(offline);
    const texts = ["1", "2", "3", "4", "5", "6"];
    const [first, second, third, ...rest] = texts;
    for (const text of [first, second, third]) void page.send(text ?? "");
    page.room.close();
    const again = page.open();
    for (const text of rest) void again.send("note", { text });
    page.connect();
    await expect.poll(() => bob).toEqual(texts);
    await expect.poll(page.states).toEqual([]);
  });

  it("is deleted in every part of a page that has opened its room", async () => {
    const page = load();
    let elsewhere: Unsent<Notes>[] = [];
    openRoom(
      page.connection,
      notes,
      roomName,
      { presence: "watch" },
      {
        unsent: (list) => (elsewhere = list),
      },
    );
    await expect(page.send("x".repeat(70_000))).rejects.toMatchObject({ code: 40009 });
    expect(elsewhere).toMatchObject([{ delivery: "failed" }]);
    page.room.discard(elsewhere[0]?.id ?? "");
    expect([elsewhere, page.unsent()]).toEqual([[], []]);
  });

  it("is deleted when somebody signs out, and not sent later", async () => {
    const page = load();
    await vi.waitFor(() => expect(page.connection.status.state).toBe("connected"));
    server().faults.hold();
    void page.send("private").catch(() => {});
    page.connection.signOut();
    expect(Object.keys(storages.sessionStorage)).toEqual([]);
    server().faults.release();
    expect(load(offline).states()).toEqual([]);
  });

  it("is sent once or refused in a room without an outbox", async () => {
    const page = load(offline);
    const { client } = page.connection;
    const options = { presence: "none", outbox: false } as const;
    const room = openRoom(page.connection, notes, roomName, options);
    await expect(room.send("note", { text: "now" })).rejects.toMatchObject({ code: 80003 });
    expect(page.states()).toEqual([]);
    const bob = await watch();
    page.connect();
    await client.connection.whenState("connected");
    const ids: (string | undefined)[] = [];
    await client.channels.get(`room:${roomName}`).subscribe(({ id }) => ids.push(id));
    await room.send("note", { text: "later" }, "its-id");
    await expect.poll(() => bob).toEqual(["later"]);
    await expect.poll(() => ids).toEqual(["its-id"]);
  });
});
