import Ably from "ably";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Client } from "../../src/realtime/connect.ts";
import {
  type Member,
  type RoomMessage,
  type RoomStatus,
  messageKey,
  openRoom,
} from "../../src/realtime/room.ts";
import { hasLocalAbly, startLocalAbly } from "../support/local-ably.ts";
import { useTabStorage } from "../support/storage.ts";

const [name, secret] = ["room.test", "a-key-of-local-ably-only"] as const;
/** https://ably.com/docs/platform/pricing/limits */
const MAX_CHANNELS = 200;
const me = { name: "Ada" };

let ably: Awaited<ReturnType<typeof startLocalAbly>>;
const clients: Ably.Realtime[] = [];

function createClient(clientId: string): Client {
  const address = { endpoint: "127.0.0.1", port: ably.port, tls: false, useTokenAuth: true };
  const client = new Ably.Realtime({ key: `${name}:${secret}`, clientId, ...address });
  clients.push(client);
  return client as unknown as Client;
}

/** Opens a room, and keeps what it reports. */
function open(client: Client, roomName: string) {
  const messages: RoomMessage[] = [];
  const statuses: RoomStatus[] = [];
  let members: Member[] = [];
  const room = openRoom(client, roomName, me, {
    message: (message) => messages.push(message),
    status: (status) => statuses.push(status),
    members: (list) => (members = list),
  });
  const texts = () =>
    messages.map(({ content, isHistory }) => {
      const text = content?.name === "chat-message" ? content.data.text : "?";
      return isHistory ? `${text} (history)` : text;
    });
  const isHere = () => expect.poll(() => members.map(({ clientId }) => clientId)).toContain("ada");
  return {
    ...room,
    statuses,
    texts,
    messages,
    isHere,
    names: () => members.map((m) => m.clientId),
    profiles: () => members.map(({ name: shown, isTyping }) => ({ name: shown, isTyping })),
  };
}

it("has one key for each sender and message ID", () => {
  const keys = [messageKey("Quiz", "master 1"), messageKey("Quiz master", "1")];
  expect(new Set(keys).size).toBe(keys.length);
});

describe.runIf(hasLocalAbly)("a room", () => {
  useTabStorage();
  beforeAll(async () => {
    ably = await startLocalAbly({ keys: [{ name, secret, capability: { "*": ["*"] } }] });
  });
  afterAll(() => ably?.close());
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  let client: Client;
  let writer: Client;
  let roomName: string;
  let count = 0;

  beforeEach(async () => {
    roomName = `room ${count++}`;
    client = createClient("ada");
    writer = createClient("bob");
    await Promise.all([
      client.connection.whenState("connected"),
      writer.connection.whenState("connected"),
    ]);
  });

  const publish = (text: string) =>
    writer.channels.get(`room:${roomName}`).publish("chat-message", { text });

  it("rejects a message at once if Ably refuses the room", async () => {
    const others = Array.from({ length: MAX_CHANNELS }, (_, index) => `other:${index}`);
    await Promise.all(others.map((channel) => client.channels.get(channel).attach()));
    const { send } = open(client, roomName);
    await expect(send("chat-message", { text: "hi" })).rejects.toMatchObject({ code: 90010 });
  });

  it("delivers what was sent before it was opened as history, and then what is new", async () => {
    await publish("before");
    const room = open(client, roomName);
    await room.isHere();
    await publish("after");
    await expect.poll(room.texts).toEqual(["before (history)", "after"]);
  });

  it("reports nothing after it was closed", async () => {
    const room = open(client, roomName);
    await room.isHere();
    room.close();
    const before = [room.statuses.length, room.messages.length];
    await client.channels.get(`room:${roomName}`).whenState("detached");
    await publish("after");
    await client.connection.ping();
    expect([room.statuses.length, room.messages.length]).toEqual(before);
  });

  it("changes one field of its profile, and keeps the others", async () => {
    const room = open(client, roomName);
    room.setProfile({ isTyping: true });
    await expect.poll(room.profiles).toEqual([{ name: "Ada", isTyping: true }]);
    room.setProfile({ name: "Ada Lovelace" });
    await expect.poll(room.profiles).toEqual([{ name: "Ada Lovelace", isTyping: true }]);
  });

  it("stays closed if its profile changes later", async () => {
    const room = open(client, roomName);
    await room.isHere();
    room.close();
    const channel = client.channels.get(`room:${roomName}`);
    await channel.whenState("detached");
    room.setProfile({ name: "Ada Lovelace" });
    await client.connection.ping();
    expect(channel.state).toBe("detached");
  });

  const settle = () => client.connection.ping();

  describe.each([
    ["opened", []],
    ["opened, closed, opened", ["close", "open"]],
    ["opened, closed and opened three times", ["close", "open", "close", "open", "close", "open"]],
    ["opened for a while, closed, opened", ["wait", "close", "open"]],
    ["opened for a while, closed, opened a moment later", ["wait", "close", "tick", "open"]],
    ["opened for a while, closed for a while, opened", ["wait", "close", "wait", "open"]],
    ["opened for a while, and opened twice in between", ["wait", "close", "open", "close", "open"]],
  ] as const)("%s", (_how, steps) => {
    it("is open, with its history and without a gap", async () => {
      for (const text of ["a", "b"]) await publish(text);
      let room = open(client, roomName);
      for (const step of steps) {
        if (step === "open") room = open(client, roomName);
        if (step === "close") room.close();
        if (step === "wait") await room.isHere().catch(settle);
        if (step === "tick") await Promise.resolve();
      }
      await room.isHere();
      await publish("new");
      await expect.poll(room.texts).toEqual(["a (history)", "b (history)", "new"]);
      expect(room.statuses.at(-1)).toMatchObject({ state: "attached" });
      expect(room.statuses.filter(({ error, isContinuous }) => error || !isContinuous)).toEqual([]);
      await expect(room.send("chat-message", { text: "mine" })).resolves.toBeUndefined();
    });

    it("and closed at the end, is closed", async () => {
      let room = open(client, roomName);
      for (const step of steps) {
        if (step === "open") room = open(client, roomName);
        if (step === "close") room.close();
        if (step === "wait") await room.isHere().catch(settle);
      }
      room.close();
      await expect.poll(() => client.channels.get(`room:${roomName}`).state).toBe("detached");
      await settle();
      await settle();
      expect(client.channels.get(`room:${roomName}`).state).toBe("detached");
    });
  });

  it("that was closed and opened while the connection was away opens when it is back", async () => {
    await publish("a");
    const first = open(client, roomName);
    await first.isHere();
    client.connection.close();
    await client.connection.whenState("closed");
    first.close();
    const room = open(client, roomName);
    client.connect();
    await room.isHere();
    await expect.poll(room.texts).toEqual(["a (history)"]);
  });

  it("stays open for one part of a page while another part closes it", async () => {
    const one = open(client, roomName);
    const other = open(client, roomName);
    await one.isHere();
    one.close();
    await publish("still here");
    await expect.poll(other.texts).toEqual(["still here"]);
    other.close();
    await expect.poll(() => client.channels.get(`room:${roomName}`).state).toBe("detached");
  });

  it("ends in the last state of each of several rooms", async () => {
    const garden = open(client, `${roomName} garden`);
    garden.close();
    const kitchen = open(client, `${roomName} kitchen`);
    kitchen.close();
    const again = open(client, `${roomName} garden`);
    await again.isHere();
    expect(client.channels.get(`room:${roomName} garden`).state).toBe("attached");
    await expect
      .poll(() => client.channels.get(`room:${roomName} kitchen`).state)
      .not.toBe("attached");
  });

  it("opens again when the connection is back after it failed", async () => {
    const room = open(client, roomName);
    await room.isHere();
    client.connection.close();
    await client.connection.whenState("closed");
    client.connect();
    await expect.poll(() => client.channels.get(`room:${roomName}`).state).toBe("attached");
    await publish("after");
    await expect.poll(room.texts).toContain("after");
  });

  it("delivers two people's messages with the same ID", async () => {
    const room = open(client, roomName);
    await room.isHere();
    const id = "the-same-id:0";
    const mine = room.send("chat-message", { text: "mine" }, "my-id");
    await mine;
    const eve = createClient("eve");
    await eve.channels
      .get(`room:${roomName}`)
      .publish({ id, name: "chat-message", data: { text: "eve" } });
    await expect.poll(room.texts).toEqual(["mine", "eve"]);
    const [first, second] = room.messages;
    expect(first?.key).not.toBe(second?.key);
  });
});
