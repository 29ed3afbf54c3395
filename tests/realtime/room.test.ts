import type { Connection, Member, RoomMessage, RoomStatus } from "../../src/realtime/index.ts";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type RoomOptions, messageKey, openRoom } from "../../src/realtime/index.ts";
import { Messages } from "../../src/realtime/messages.ts";
import { type Notes, notes } from "../support/contract.ts";
import { hasLocalAbly } from "../support/local-ably.ts";
import { type Tab, signFor, transportOf, useLocalAbly } from "../support/tab.ts";

/** https://ably.com/docs/platform/pricing/limits */
const MAX_CHANNELS = 200;
/** Actions of Ably's frames. */
const [ATTACHED, MESSAGE] = [11, 15];
const asAda: RoomOptions<Notes> = { profile: { name: "Ada" } };

/** Opens a room, and keeps what it reports. */
function open(connection: Connection, roomName: string, options = asAda) {
  const messages: RoomMessage<Notes>[] = [];
  const statuses: RoomStatus[] = [];
  let members: Member<Notes>[] = [];
  const room = openRoom(connection, notes, roomName, options, {
    message: (message) => messages.push(message),
    status: (status) => statuses.push(status),
    members: (list) => (members = list),
  });
  const texts = () =>
    messages.map(({ content, isHistory }) => {
      const text = content?.data.text ?? "?";
      return isHistory ? `${text} (history)` : text;
    });
  const names = () => members.map(({ clientId }) => clientId);
  return {
    ...room,
    statuses,
    texts,
    messages,
    names,
    members: () => members,
    isHere: () => expect.poll(names).toContain("ada"),
    isAttached: () => expect.poll(() => statuses.at(-1)?.state).toBe("attached"),
    profiles: () => members.map(({ profile }) => profile),
  };
}

it("has one key for each sender and message ID", () => {
  const keys = [messageKey("Quiz", "master 1"), messageKey("Quiz master", "1")];
  expect(new Set(keys).size).toBe(keys.length);
});

describe.runIf(hasLocalAbly)("a room", () => {
  const { openTab, publishAll, server } = useLocalAbly();
  let tab: Tab;
  let connection: Connection;
  let client: Connection["client"];
  let writer: Connection["client"];
  let roomName: string;
  let count = 0;

  beforeEach(async () => {
    roomName = `room ${count++}`;
    tab = openTab("ada");
    ({ connection } = tab);
    ({ client } = connection);
    writer = openTab("bob").connection.client;
    await Promise.all([
      client.connection.whenState("connected"),
      writer.connection.whenState("connected"),
    ]);
  });

  const channelOf = (of: Connection["client"], name = roomName) => of.channels.get(`room:${name}`);
  const publish = (text: string, over = {}) =>
    channelOf(writer).publish({ name: "note", data: { text }, ...over });

  /** Receives what Ably sends up to the first frame of this action, and then nothing more. */
  function receiveUntil(action: number): void {
    const transport = transportOf(client);
    const receive = transport.onProtocolMessage.bind(transport);
    let isCut = false;
    transport.onProtocolMessage = (frame: { action?: number }) => {
      if (!isCut) receive(frame);
      isCut ||= frame.action === action;
    };
  }

  it("rejects a message at once if Ably refuses the room", async () => {
    const outsider = openTab("eve", {
      requestToken: () => signFor("eve", { "room:elsewhere": ["*"] }),
    });
    await outsider.connection.client.connection.whenState("connected");
    const room = open(outsider.connection, roomName);
    await expect(room.send("note", { text: "hi" })).rejects.toMatchObject({ code: 40160 });
    expect(room.statuses.at(-1)).toMatchObject({ state: "failed", error: { code: 40160 } });
  });

  it("opens by itself once other rooms have closed, if too many were open", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const others = Array.from({ length: MAX_CHANNELS }, (_, index) => `room:other ${index}`);
    await Promise.all(others.map((channel) => client.channels.get(channel).attach()));
    const room = open(connection, roomName);
    const sent = room.send("note", { text: "patient" });
    await expect.poll(() => room.statuses.at(-1)?.error?.code).toBe(90010);
    await client.channels.get("room:other 0").detach();
    await room.isHere();
    await sent;
    expect(room.statuses.at(-1)).toMatchObject({ state: "attached", error: undefined });
  });

  it("delivers what was sent before it was opened as history, and then what is new", async () => {
    await publish("before");
    const room = open(connection, roomName);
    await room.isHere();
    await publish("after");
    await expect.poll(room.texts).toEqual(["before (history)", "after"]);
  });

  it("carries headers beside the data of what is sent and published", async () => {
    let mood = "calm";
    const room = open(connection, roomName, { ...asAda, headers: () => ({ mood }) });
    await room.isHere();
    await room.send("note", { text: "one" });
    mood = "busy";
    await room.publish("note", { text: "two" }, true);
    await expect.poll(room.texts).toEqual(["one", "two"]);
    expect(room.messages.map(({ headers }) => headers)).toEqual([
      { mood: "calm" },
      { mood: "busy" },
    ]);
    expect(room.messages[1]?.raw.extras).toMatchObject({ ephemeral: true });
  });

  it("reports only the headers that are text, whatever a stranger sends", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    const headers = { name: "Eve", count: 7, none: null, __proto__: null };
    for (const extras of [undefined, {}, { headers }, { headers: {} }]) {
      await publish("x", { extras });
    }
    await expect.poll(() => room.messages.length).toBe(4);
    expect(room.messages.map((message) => message.headers)).toEqual([{}, {}, { name: "Eve" }, {}]);
  });

  it("reports nothing after it was closed", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    room.close();
    const before = [room.statuses.length, room.messages.length];
    await channelOf(client).whenState("detached");
    await publish("after");
    await client.connection.ping();
    expect([room.statuses.length, room.messages.length]).toEqual(before);
  });

  it("changes one field of its profile, and keeps the others", async () => {
    const room = open(connection, roomName);
    room.setProfile({ mood: "calm" });
    await expect.poll(room.profiles).toEqual([{ name: "Ada", mood: "calm" }]);
    room.setProfile({ name: "Ada Lovelace" });
    await expect.poll(room.profiles).toEqual([{ name: "Ada Lovelace", mood: "calm" }]);
  });

  it("stays closed if its profile changes later", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    room.close();
    const channel = channelOf(client);
    await channel.whenState("detached");
    room.setProfile({ name: "Ada Lovelace" });
    await client.connection.ping();
    expect(channel.state).toBe("detached");
  });

  it("does not change what another part of the page shows after it was closed", async () => {
    const [closed, room] = [open(connection, roomName), open(connection, roomName)];
    await room.isHere();
    closed.close();
    closed.setProfile({ name: "late" });
    room.setProfile({ mood: "calm" });
    await expect.poll(room.profiles).toEqual([{ name: "Ada", mood: "calm" }]);
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
      let room = open(connection, roomName);
      for (const step of steps) {
        if (step === "open") room = open(connection, roomName);
        if (step === "close") room.close();
        if (step === "wait") await room.isHere().catch(settle);
        if (step === "tick") await Promise.resolve();
      }
      await room.isHere();
      await publish("new");
      await expect.poll(room.texts).toEqual(["a (history)", "b (history)", "new"]);
      expect(room.statuses.at(-1)).toMatchObject({ state: "attached" });
      expect(room.statuses.filter(({ error, isContinuous }) => error || !isContinuous)).toEqual([]);
      await expect(room.send("note", { text: "mine" })).resolves.toBeUndefined();
    });

    it("and closed at the end, is closed", async () => {
      let room = open(connection, roomName);
      for (const step of steps) {
        if (step === "open") room = open(connection, roomName);
        if (step === "close") room.close();
        if (step === "wait") await room.isHere().catch(settle);
      }
      room.close();
      await expect.poll(() => channelOf(client).state).toBe("detached");
      await settle();
      await settle();
      expect(channelOf(client).state).toBe("detached");
    });
  });

  it("that was closed and opened while the connection was away opens when it is back", async () => {
    await publish("a");
    const first = open(connection, roomName);
    await first.isHere();
    client.connection.close();
    await client.connection.whenState("closed");
    first.close();
    const room = open(connection, roomName);
    client.connect();
    await room.isHere();
    await expect.poll(room.texts).toEqual(["a (history)"]);
  });

  it("that was closed and opened on a dead network opens when it is back", async () => {
    const { connection: zoe } = openTab("zoe", { ably: { realtimeRequestTimeout: 1_000 } });
    const first = open(zoe, roomName, { presence: "watch" });
    await first.isAttached();
    server().faults.hold();
    first.close();
    const room = open(zoe, roomName, { presence: "watch" });
    server().faults.refuseConnections(600_000);
    server().faults.dropAll();
    // Nothing answers, so the SDK gives up detaching. The room that waits detaches, and then attaches.
    await expect.poll(() => channelOf(zoe.client).state).toBe("attaching");
    server().faults.release();
    server().faults.refuseConnections(0);
    zoe.retry();
    await room.isAttached();
  });

  it("reports a gap if the connection drops before its first history has come", async () => {
    await publish("missed");
    await client.connection.whenState("connected");
    receiveUntil(ATTACHED);
    const room = open(connection, roomName);
    await room.isAttached();
    server().faults.dropAll();
    await expect.poll(() => room.statuses.some(({ isContinuous }) => !isContinuous)).toBe(true);
    await room.isHere();
    expect(room.texts()).toEqual([]);
  });

  it("stays open for one part of a page while another part closes it", async () => {
    const one = open(connection, roomName);
    const other = open(connection, roomName);
    await one.isHere();
    one.close();
    await publish("still here");
    await expect.poll(other.texts).toEqual(["still here"]);
    other.close();
    await expect.poll(() => channelOf(client).state).toBe("detached");
  });

  it("leaves the members when the last part of a page that is one closes it", async () => {
    const watcher = openTab("bob").connection;
    const lists: string[][] = [];
    const members = (list: { clientId: string }[]) =>
      lists.push(list.map(({ clientId }) => clientId));
    openRoom(watcher, notes, roomName, { presence: "watch" }, { members });
    const one = open(connection, roomName);
    const other = open(connection, roomName);
    openRoom(connection, notes, roomName, { presence: "watch" });
    await one.isHere();
    await expect.poll(() => lists.at(-1)).toEqual(["ada"]);
    const count = lists.length;
    one.close();
    other.close();
    await expect.poll(() => lists.at(-1)).toEqual([]);
    expect(lists.slice(count)).toEqual([[]]);
    expect(channelOf(client).state).toBe("attached");
  });

  it("ends in the last state of each of several rooms", async () => {
    const garden = open(connection, `${roomName} garden`);
    garden.close();
    const kitchen = open(connection, `${roomName} kitchen`);
    kitchen.close();
    const again = open(connection, `${roomName} garden`);
    await again.isHere();
    expect(channelOf(client, `${roomName} garden`).state).toBe("attached");
    await expect.poll(() => channelOf(client, `${roomName} kitchen`).state).not.toBe("attached");
  });

  it("that was opened while there was no connection opens when there is one", async () => {
    client.connection.close();
    await client.connection.whenState("closed");
    const room = open(connection, roomName);
    await vi.waitFor(() => expect(client.channels.all).toHaveProperty([`room:${roomName}`]));
    client.connect();
    await room.isHere();
  });

  it("still sends if somebody opens it again while it is open", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    room.reopen();
    await room.send("note", { text: "sent" });
    await expect.poll(room.texts).toEqual(["sent"]);
  });

  it("opens again when the connection is back after it failed", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    client.connection.close();
    await client.connection.whenState("closed");
    client.connect();
    await expect.poll(() => channelOf(client).state).toBe("attached");
    await publish("after");
    await expect.poll(room.texts).toContain("after");
  });

  it("delivers two people's messages with the same ID", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    const id = "the-same-id:0";
    const mine = room.send("note", { text: "mine" }, "my-id");
    await mine;
    const eve = openTab("eve").connection.client;
    await channelOf(eve).publish({ id, name: "note", data: { text: "eve" } });
    await expect.poll(room.texts).toEqual(["mine", "eve"]);
    const [first, second] = room.messages;
    expect(first?.key).not.toBe(second?.key);
  });

  it("shows no more than its profile, and nothing of a contract that does not match", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    expect(room.profiles()).toEqual([{ name: "Ada" }]);
    await channelOf(writer).presence.enter({ name: 7 });
    await expect.poll(room.names).toContain("bob");
    expect(room.profiles()).toContain(undefined);
  });

  it("does not report what claims to be from a server and is not", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    await publish("forged", { name: "alarm" });
    await publish("after");
    await expect.poll(room.texts).toEqual(["after"]);
  });

  it("watches the members without being one", async () => {
    const watching = open(connection, roomName, { presence: "watch" });
    await channelOf(writer).presence.enter({ name: "Bob" });
    await expect.poll(watching.profiles).toEqual([{ name: "Bob" }]);
    await publish("hi");
    await expect.poll(watching.texts).toEqual(["hi"]);
    expect(watching.names()).toEqual(["bob"]);
    watching.setProfile({ name: "Ada" });
    await client.connection.ping();
    expect(watching.names()).toEqual(["bob"]);
  });

  it("reports no members if it does not watch them, and tells history from what is new", async () => {
    await publish("before");
    const room = open(connection, roomName, { presence: "none" });
    await expect.poll(room.texts).toEqual(["before (history)"]);
    await room.isAttached();
    await client.connection.ping();
    await publish("after");
    await expect.poll(room.texts).toEqual(["before (history)", "after"]);
    expect(room.names()).toEqual([]);
  });

  it.each([
    [0, []],
    [1, ["b (history)"]],
    ["2m", ["a (history)", "b (history)"]],
  ])("gets as much history as it asks for: %s", async (history, texts) => {
    for (const text of ["a", "b"]) await publish(text);
    const room = open(connection, roomName, { ...asAda, history });
    await room.isHere();
    await publish("new");
    await expect.poll(room.texts).toEqual([...texts, "new"]);
  });

  it("publishes at once or not at all, and keeps nothing", async () => {
    const room = open(connection, roomName);
    const other = open(openTab("eve").connection, roomName);
    await Promise.all([room.isHere(), other.isHere()]);
    await room.publish("note", { text: "kept" });
    await room.publish("note", { text: "gone" }, true);
    await expect.poll(other.texts).toEqual(["kept", "gone"]);
    const later = open(openTab("zoe").connection, roomName);
    await later.isHere();
    expect(later.texts()).toEqual(["kept (history)"]);
    connection.close();
    await expect(room.publish("note", { text: "late" })).rejects.toMatchObject({ code: 80003 });
  });

  it("leaves the list in the browser's cache, and enters it again after a way back", async () => {
    const room = open(connection, roomName);
    const watching = open(openTab("eve").connection, roomName, { presence: "watch" });
    await room.isHere();
    await watching.isHere();
    const event = (name: string) => Object.assign(new Event(name), { persisted: true });
    tab.window.dispatchEvent(event("pagehide"));
    await expect.poll(watching.names).toEqual([]);
    expect(connection.status.state).toBe("connected");
    await publish("meanwhile");
    tab.window.dispatchEvent(event("pageshow"));
    await watching.isHere();
    await expect.poll(room.texts).toEqual(["meanwhile"]);
  });

  it("goes on if the app's own code throws, and leaves the error to the browser", async () => {
    const reported: unknown[] = [];
    vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
    const fail = (event: string) => () => {
      throw new Error(event);
    };
    const events = {
      message: fail("message"),
      members: fail("members"),
      status: fail("status"),
      unsent: fail("unsent"), // delete with outbox.ts
    };
    connection.onStatus(fail("connection"));
    const room = openRoom(connection, notes, roomName, asAda, events);
    await Promise.all(["one", "two"].map((text) => room.send("note", { text })));
    const other = open(openTab("bob").connection, roomName);
    await expect.poll(other.texts).toEqual(["one (history)", "two (history)"]);
    await other.isHere();
    room.close();
    connection.close();
    await expect.poll(() => connection.status.state).toBe("closed");
    const messages = new Set(reported.map((error) => (error as Error).message));
    expect([...messages].toSorted()).toEqual([...Object.keys(events), "connection"].toSorted());
    vi.unstubAllGlobals();
  });

  it("enters a full room by itself as soon as there is a place", async () => {
    const enter = vi.spyOn(channelOf(client).presence, "enter");
    vi.spyOn(Math, "random").mockReturnValue(0);
    const full = { code: 91003, statusCode: 400, message: "200 members" };
    enter.mockRejectedValueOnce(full).mockRejectedValueOnce(full);
    const room = open(connection, roomName);
    await expect.poll(() => room.statuses.at(-1)?.error?.code).toBe(91003);
    await room.isHere();
    expect(enter).toHaveBeenCalledTimes(3);
    expect(room.statuses.at(-1)?.error).toBeUndefined();
  });

  it("shows the profile of now if it changed while there was no connection", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    server().faults.forget();
    await client.connection.whenState("disconnected");
    room.setProfile({ name: "Ada Lovelace" });
    await client.connection.whenState("connected");
    await expect.poll(room.profiles).toEqual([{ name: "Ada Lovelace" }]);
    // What the SDK enters by itself comes first.
    await client.connection.ping();
    expect(room.profiles()).toEqual([{ name: "Ada Lovelace" }]);
  });

  it("shows the profile of now if the connection was lost while it changed", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    server().faults.hold();
    room.setProfile({ name: "Ada Lovelace" });
    server().faults.forget();
    server().faults.release();
    await client.connection.whenState("disconnected");
    await client.connection.whenState("connected");
    const other = open(openTab("bob").connection, roomName);
    const namesOfAda = () =>
      other
        .members()
        .filter(({ clientId }) => clientId === "ada")
        .map(({ profile }) => profile?.name);
    await expect.poll(namesOfAda).toEqual(["Ada Lovelace"]);
    // What the SDK enters by itself comes first.
    await client.connection.ping();
    expect(namesOfAda()).toEqual(["Ada Lovelace"]);
  });

  it("shows one profile in all parts of a page, also after a restart", async () => {
    const shown: string[] = [];
    await writer.channels
      .get(`room:${roomName}`)
      .presence.subscribe(["enter", "update"], ({ data }) => shown.push(data.name));
    const [one, other] = [open(connection, roomName), open(connection, roomName)];
    await Promise.all([one.isHere(), other.isHere()]);
    one.setProfile({ name: "Ada Lovelace" });
    await expect.poll(() => shown.at(-1)).toBe("Ada Lovelace");
    shown.length = 0;
    await connection.restart();
    // Each part enters.
    await expect.poll(() => shown).toEqual(["Ada Lovelace", "Ada Lovelace"]);
  });

  it("enters as soon as a new token permits it", async () => {
    const refusal = { code: 40160, statusCode: 401, message: "Refused for a test." };
    vi.spyOn(channelOf(client).presence, "enter").mockRejectedValueOnce(refusal);
    const room = open(connection, roomName);
    await expect.poll(() => room.statuses.at(-1)?.error?.code).toBe(40160);
    await connection.renew();
    await room.isHere();
  });

  it("is left though Ably did not answer, and has its history when it is opened again", async () => {
    const hasty = openTab("ada", { ably: { realtimeRequestTimeout: 200 } }).connection;
    const room = open(hasty, roomName);
    await room.isHere();
    const states: string[] = [];
    room.channel.on(({ current }) => states.push(current));
    server().faults.hold();
    room.close();
    await expect.poll(() => states).toContain("attached");
    server().faults.release();
    await expect.poll(() => room.channel.state).toBe("detached");
    await publish("meanwhile");
    const again = open(hasty, roomName);
    await expect.poll(again.texts).toEqual(["meanwhile (history)"]);
  });

  it("shows its present profile again if the SDK has entered with an earlier one", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    room.setProfile({ name: "Countess" });
    await expect.poll(room.profiles).toEqual([{ name: "Countess" }]);
    const names: unknown[] = [];
    const { presence } = channelOf(client);
    await presence.subscribe("update", ({ data }) => names.push(data.name));
    // As the SDK does by itself after some lost connections.
    await presence.enter({ name: "Ada" });
    await expect.poll(() => names).toEqual(["Ada", "Countess"]);
  });

  it("enters again if Ably has refused what the SDK entered for it", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    const channel = channelOf(client) as unknown as { sendPresence(): Promise<void> };
    vi.spyOn(Math, "random").mockReturnValue(0);
    const send = vi.spyOn(channel, "sendPresence");
    send.mockRejectedValueOnce({ code: 42911, statusCode: 429, message: "too many" });
    server().faults.forget();
    await expect.poll(() => room.statuses.at(-1)?.error?.code).toBe(42911);
    await room.isHere();
    await expect.poll(() => room.statuses.at(-1)?.error).toBeUndefined();
  });

  it("stays open over a restart of the connection, without a gap if nothing was missed", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    await publish("before");
    await expect.poll(room.texts).toEqual(["before"]);
    const restarted = connection.restart();
    await client.connection.whenState("closed");
    await publish("meanwhile");
    await restarted;
    await publish("after");
    await expect.poll(room.texts).toEqual(["before", "meanwhile", "after"]);
    expect(room.statuses.filter(({ isContinuous }) => !isContinuous)).toEqual([]);
  });

  it("reports a gap if the connection drops before a restart has brought what was missed", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    await publish("before");
    await expect.poll(room.texts).toEqual(["before"]);
    const hold = vi.spyOn(Messages.prototype, "hold").mockImplementationOnce(function (
      this: Messages<Notes>,
    ) {
      this.hold();
      // What is on its way to this page gets lost.
      transportOf(client).onProtocolMessage = () => {};
      server().faults.dropAll();
    });
    const restarted = connection.restart();
    await client.connection.whenState("closed");
    await publish("meanwhile");
    await restarted;
    await client.connection.whenState("disconnected");
    await client.connection.whenState("connected");
    await room.isHere();
    await publish("after");
    await expect.poll(room.texts).toContain("after");
    expect(hold).toHaveBeenCalled();
    expect(room.texts()).not.toContain("meanwhile");
    expect(room.statuses.filter(({ isContinuous }) => !isContinuous)).toHaveLength(1);
  });

  it("reports a gap if a restart comes before the one before has brought what was missed", async () => {
    const log: string[] = [];
    const room = open(connection, roomName);
    openRoom(connection, notes, roomName, asAda, {
      message: ({ content }) => log.push(content?.data.text ?? ""),
      status: ({ isContinuous }) => isContinuous || log.push("gap"),
    });
    await room.isHere();
    await publish("before");
    await expect.poll(() => log).toEqual(["before"]);
    let hasPart = () => false;
    vi.spyOn(Messages.prototype, "hold").mockImplementationOnce(function (this: Messages<Notes>) {
      this.hold();
      hasPart = () => !this.isComplete(1);
      receiveUntil(MESSAGE);
    });
    client.close();
    await client.connection.whenState("closed");
    const missed = (text: string) => Array(60).fill({ name: "note", data: { text } });
    await publishAll(`room:${roomName}`, missed("first"));
    await publishAll(`room:${roomName}`, missed("last"));
    client.connect();
    await expect.poll(() => hasPart()).toBe(true);
    await connection.restart();
    await room.isHere();
    await publish("after");
    await expect.poll(() => log).toContain("after");
    const all = [...Array(40).fill("first"), ...Array(60).fill("last")];
    expect(log).toEqual(["before", "gap", ...all, "after"]);
  });

  it("reports a gap after a restart if the computer slept meanwhile, whatever its timers say", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    const restarted = connection.restart();
    await client.connection.whenState("closed");
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 90_000);
    await restarted;
    await room.isHere();
    await expect.poll(() => room.statuses.some(({ isContinuous }) => !isContinuous)).toBe(true);
  });

  it("reports a gap after a restart if it was not attached before", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    const error = { code: 40160, statusCode: 401, message: "Refused for a test." };
    transportOf(client).onProtocolMessage({ action: 9, channel: `room:${roomName}`, error });
    await expect.poll(() => room.statuses.at(-1)?.state).toBe("failed");
    // As after more than two minutes: Ably does not know where this page stopped.
    Reflect.set(Reflect.get(channelOf(client), "properties"), "channelSerial", undefined);
    await connection.restart();
    await room.isAttached();
    await expect.poll(() => room.statuses.some(({ isContinuous }) => !isContinuous)).toBe(true);
  });

  it("reports a gap after a restart though one visitor has filled what Ably delivers", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    client.close();
    await client.connection.whenState("closed");
    await publish("lost");
    const forged = { name: "alarm", data: { text: "forged" } };
    await publishAll(
      `room:${roomName}`,
      Array.from({ length: 100 }, () => forged),
    );
    client.connect();
    await expect.poll(() => room.statuses.some(({ isContinuous }) => !isContinuous)).toBe(true);
    expect(room.texts()).toEqual([]);
  });

  it("reports a gap in each of two parts of a page, whose channel has one history", async () => {
    const one = open(connection, roomName, { ...asAda, history: 10 });
    const other = open(connection, roomName);
    await Promise.all([one.isHere(), other.isHere()]);
    client.close();
    await client.connection.whenState("closed");
    const missed = Array.from({ length: 30 }, () => ({ name: "note", data: { text: "missed" } }));
    await publishAll(`room:${roomName}`, missed);
    client.connect();
    for (const { statuses } of [one, other]) {
      await expect.poll(() => statuses.some(({ isContinuous }) => !isContinuous)).toBe(true);
    }
  });

  describe("what it holds back", () => {
    /** Receives messages by their IDs, as from Ably. Only a server may send an alarm. */
    function receive(held: string[]) {
      let deliver: (message: object) => void = () => {};
      const channel = { subscribe: (listener: typeof deliver) => (deliver = listener) };
      const messages = new Messages(channel as never, notes, () => {});
      messages.subscribe();
      const from = (id: string) => {
        const name = id === "forged" ? "alarm" : "note";
        return { id, clientId: "eve", name, data: { text: id } };
      };
      for (const id of ["known", "forged"]) deliver(from(id));
      messages.hold();
      for (const id of held) deliver(from(id));
      return messages.isComplete(3);
    }

    it.each([
      ["begins with a known message", ["known", "a", "b"], true],
      ["begins with a forged message that is known", ["forged", "a", "b"], true],
      ["has a known message later", ["a", "known", "b"], false],
      ["has none, and as many as Ably delivers", ["a", "b", "c"], false],
      ["has none, and fewer", ["a", "b"], true],
    ])("is complete or not if it %s", (_what, held, isComplete) => {
      expect(receive(held)).toBe(isComplete);
    });
  });

  it("keeps what it holds back if it has to hold back twice", async () => {
    const texts: (string | undefined)[] = [];
    const channel = channelOf(client);
    const messages = new Messages(channel, notes, ({ content }) => texts.push(content?.data.text));
    messages.subscribe();
    await channel.attach();
    messages.hold();
    await publish("one");
    await expect.poll(() => messages.isComplete(1)).toBe(false);
    messages.hold();
    messages.release();
    expect(texts).toEqual(["one"]);
  });

  it("reports a gap after a restart if it has a shorter history than two minutes", async () => {
    const room = open(connection, roomName, { ...asAda, history: "10s" });
    await room.isHere();
    await connection.restart();
    await expect.poll(() => room.statuses.some(({ isContinuous }) => !isContinuous)).toBe(true);
  });

  it("reports a gap after a restart if more was sent meanwhile than Ably delivers", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    await publish("before");
    await expect.poll(room.texts).toEqual(["before"]);
    client.close();
    await client.connection.whenState("closed");
    const texts = Array.from({ length: 130 }, (_, index) => `${index}`);
    await publishAll(
      `room:${roomName}`,
      texts.map((text) => ({ name: "note", data: { text } })),
    );
    client.connect();
    await expect.poll(() => room.texts().at(-1), { timeout: 10_000 }).toBe("129");
    expect(room.texts().length).toBeLessThan(131);
    expect(room.statuses.filter(({ isContinuous }) => !isContinuous)).toHaveLength(1);
  });

  it("reports a gap if Ably has forgotten the connection", async () => {
    const room = open(connection, roomName);
    await room.isHere();
    server().faults.forget();
    await expect.poll(() => room.statuses.some(({ isContinuous }) => !isContinuous)).toBe(true);
    await room.isHere();
  });
});
