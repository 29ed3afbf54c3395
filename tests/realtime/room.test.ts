import Ably from "ably";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type RunningLocalAbly, startLocalAbly } from "../../local-ably/server.ts";
import { LOCAL_ABLY_KEY } from "../../netlify/functions/ably-token-request/key.ts";
import type { Client } from "../../src/realtime/connect.ts";
import { type RoomStatus, openRoom } from "../../src/realtime/room.ts";

let server: RunningLocalAbly;
let client: Ably.Realtime;
const me = { name: "Ada" };

beforeEach(async () => {
  server = await startLocalAbly({ settings: { maxChannelsPerConnection: 1 } });
  client = new Ably.Realtime({
    key: LOCAL_ABLY_KEY,
    clientId: "ada",
    endpoint: "127.0.0.1",
    port: server.port,
    tls: false,
    useTokenAuth: true,
  });
});

afterEach(async () => {
  client.close();
  await server.close();
});

/** Opens a room, and resolves when it is. */
function open(name: string, statuses: RoomStatus[] = []) {
  return new Promise<ReturnType<typeof openRoom>>((resolve) => {
    const room = openRoom(client as unknown as Client, name, me, {
      status(status) {
        statuses.push(status);
        if (status.state === "attached" || status.state === "failed") resolve(room);
      },
    });
  });
}

it("tells at once that Ably refused the room, and does not ask for ever", async () => {
  await open("first");
  const second = await open("second");
  await expect(second.send("chat-message", { text: "hi" })).rejects.toMatchObject({ code: 90010 });
});

it("closed and opened again, as React does in development, tells nothing more of the first", async () => {
  const [before, after]: [RoomStatus[], RoomStatus[]] = [[], []];
  const events = { status: (status: RoomStatus) => before.push(status) };
  openRoom(client as unknown as Client, "one", me, events).close();
  const told = before.length;
  const room = await open("one", after);
  await room.send("chat-message", { text: "hi" });
  expect(before).toHaveLength(told);
  expect(after.at(-1)).toMatchObject({ state: "attached" });
});

it("is not opened again by what one says of oneself after closing it", async () => {
  const statuses: RoomStatus[] = [];
  const room = await open("one", statuses);
  const channel = client.channels.get("room:one");
  room.close();
  await channel.whenState("detached");
  room.setProfile({ name: "Ada Lovelace" });
  await client.connection.ping();
  expect(channel.state).toBe("detached");
});
