import Ably from "ably";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Client } from "../../src/realtime/connect.ts";
import { FATE_UNKNOWN, type Unsent } from "../../src/realtime/outbox.ts";
import { openRoom } from "../../src/realtime/room.ts";
import { hasLocalAbly, startLocalAbly } from "../support/local-ably.ts";
import { useTabStorage } from "../support/storage.ts";

const [name, secret] = ["outbox.test", "a-key-of-local-ably-only"] as const;
const MINUTE_MS = 60_000;

let ably: Awaited<ReturnType<typeof startLocalAbly>>;
const clients: Ably.Realtime[] = [];
let roomName: string;
let count = 0;

/** @param options `autoConnect: false` is a page that has not reached Ably. */
function createClient(clientId: string, options: Ably.ClientOptions = {}): Client {
  const address = { endpoint: "127.0.0.1", port: ably.port, tls: false, useTokenAuth: true };
  const client = new Ably.Realtime({ key: `${name}:${secret}`, clientId, ...address, ...options });
  clients.push(client);
  return client as unknown as Client;
}

/** One load of Ada's page. */
function load(options?: Ably.ClientOptions) {
  const client = createClient("ada", options);
  let unsent: Unsent[] = [];
  const room = openRoom(client, roomName, { name: "Ada" }, { unsent: (list) => (unsent = list) });
  const states = () => unsent.map(({ data, state }) => `${textOf(data)}: ${state}`);
  const send = (text: string) => room.send("chat-message", { text });
  return { client, room, send, states, unsent: () => unsent };
}

const offline = { autoConnect: false };
const textOf = (data: object) => ("text" in data ? data.text : "?");

/** What the others see. */
async function watch(): Promise<string[]> {
  const texts: string[] = [];
  const channel = createClient("bob").channels.get(`room:${roomName}`);
  await channel.subscribe((message) => texts.push(message.data.text));
  return texts;
}

describe.runIf(hasLocalAbly)("a message that Ably has not acknowledged", () => {
  const storage = useTabStorage();
  beforeAll(async () => {
    ably = await startLocalAbly({ keys: [{ name, secret, capability: { "*": ["*"] } }] });
  });
  afterAll(() => ably?.close());
  beforeEach(() => {
    roomName = `outbox ${count++}`;
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  it("is published after a reload, in order, once", async () => {
    const bob = await watch();
    const before = load(offline);
    for (const text of ["one", "two", "three"]) void before.send(text);
    expect(before.states()).toEqual(["one: waiting", "two: waiting", "three: waiting"]);
    const after = load();
    expect(after.states()).toEqual(["one: waiting", "two: waiting", "three: waiting"]);
    await expect.poll(() => bob).toEqual(["one", "two", "three"]);
    await expect.poll(after.states).toEqual([]);
    const next = load();
    await next.send("four");
    await expect.poll(() => bob).toEqual(["one", "two", "three", "four"]);
  });

  it("goes before what is sent after the reload", async () => {
    const bob = await watch();
    void load(offline).send("before");
    const after = load();
    await after.send("after");
    await expect.poll(() => bob).toEqual(["before", "after"]);
  });

  it("is not published twice if the page was gone before the answer came", async () => {
    const bob = await watch();
    const before = load();
    await before.send("once");
    // The storage as it was before the answer.
    storage().setItem(...storage().lastWrite());
    const after = load();
    await expect.poll(after.states).toEqual([]);
    await after.send("next");
    await expect.poll(() => bob).toEqual(["once", "next"]);
  });

  it("waits for a decision if it may have been sent over two minutes ago", async () => {
    const bob = await watch();
    const before = load();
    await before.send("first");
    const [key, value] = storage().lastWrite();
    const stored = { ...JSON.parse(value), publishedAt: Date.now() - 2 * MINUTE_MS };
    storage().setItem(key, JSON.stringify(stored));
    const after = load();
    await expect.poll(after.states).toEqual(["first: failed"]);
    expect(after.unsent()[0]?.error).toEqual(FATE_UNKNOWN);
    after.room.resend(stored.id);
    await expect.poll(after.states).toEqual([]);
    await after.send("end");
    await expect.poll(() => bob.at(-1)).toBe("end");
  });

  it.each([[undefined], [null], ["text"], [7]])(
    "is skipped if its stored data is %j",
    async (data) => {
      void load(offline).send("good");
      const [key, value] = storage().lastWrite();
      const broken = { ...JSON.parse(value), id: "broken", data };
      storage().setItem(key.replace(/[^:]+$/, "broken"), JSON.stringify(broken));
      expect(load(offline).states()).toEqual(["good: waiting"]);
    },
  );

  it("that was written hours ago and never published is published", async () => {
    const bob = await watch();
    void load(offline).send("written in a tunnel");
    const [key, value] = storage().lastWrite();
    const hoursAgo = JSON.stringify({ ...JSON.parse(value), order: Date.now() - 500 * MINUTE_MS });
    storage().setItem(key, hoursAgo);
    load();
    await expect.poll(() => bob).toEqual(["written in a tunnel"]);
  });

  it("that Ably refused stays, over a reload too, until it is sent again or deleted", async () => {
    const tooLarge = "x".repeat(70_000);
    const before = load();
    await expect(before.send(tooLarge)).rejects.toMatchObject({ code: 40009 });
    await expect(before.send("small")).resolves.toBeUndefined();
    const after = load();
    await expect.poll(() => after.unsent().map(({ state }) => state)).toEqual(["failed"]);
    expect(after.unsent()[0]?.error).toMatchObject({ code: 40009 });
    after.room.discard(after.unsent()[0]?.id ?? "");
    expect(after.states()).toEqual([]);
    expect(load().states()).toEqual([]);
  });

  it("belongs to its room", async () => {
    void load(offline).send("for this room");
    const here = roomName;
    roomName = `${here} not`;
    expect(load(offline).states()).toEqual([]);
    roomName = here;
    expect(load(offline).states()).toEqual(["for this room: waiting"]);
  });

  it("belongs to the person who wrote it", () => {
    void load(offline).send("by Ada");
    const eve = createClient("eve", offline);
    let unsent: Unsent[] = [];
    openRoom(eve, roomName, { name: "Eve" }, { unsent: (list) => (unsent = list) });
    expect(unsent).toEqual([]);
  });

  it("says so where storage is full, and is published all the same", async () => {
    const bob = await watch();
    storage().fill();
    const page = load(offline);
    void page.send("only in memory");
    expect(page.unsent()[0]).toMatchObject({ state: "waiting", isStored: false });
    page.client.connect();
    await expect.poll(() => bob).toEqual(["only in memory"]);
  });

  it("says so beyond a bound on what is stored", () => {
    const page = load(offline);
    for (let i = 0; i < 21; i++) void page.send(`${i}${"x".repeat(50_000)}`);
    const isStored = page.unsent().map((message) => message.isStored);
    expect(isStored.slice(0, 19)).toEqual(Array.from({ length: 19 }, () => true));
    expect(isStored.at(-1)).toBe(false);
  });

  it("survives storage that something else has written to", () => {
    void load(offline).send("good");
    const prefix = Object.keys(sessionStorage)[0]?.split(":").slice(0, -1).join(":");
    for (const text of ["", "{", "null", "[]", '{"id":1}']) {
      storage().setItem(`${prefix}:${text.length}`, text);
    }
    expect(load(offline).states()).toEqual(["good: waiting"]);
  });

  it("waits while more are sent than Ably accepts in a second, and all arrive in order", async () => {
    const bob = await watch();
    const page = load();
    const texts = Array.from({ length: 60 }, (_, index) => `${index}`);
    await Promise.all(texts.map((text) => page.send(text)));
    await expect.poll(() => bob).toEqual(texts);
  });

  it("waits while the connection has failed, and is published once it is back", async () => {
    const bob = await watch();
    const page = load();
    await page.send("before");
    page.client.connection.close();
    await page.client.connection.whenState("closed");
    const sent = page.send("meanwhile");
    expect(page.states()).toEqual(["meanwhile: waiting"]);
    page.client.connect();
    await sent;
    await expect.poll(() => bob).toEqual(["before", "meanwhile"]);
  });

  it("is published after its room was closed", async () => {
    const bob = await watch();
    const page = load(offline);
    void page.send("typed before leaving");
    page.room.close();
    page.client.connect();
    await expect.poll(() => bob).toEqual(["typed before leaving"]);
  });
});
