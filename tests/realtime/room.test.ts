import Ably from "ably";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it as test } from "vitest";
import type { Client } from "../../src/realtime/connect.ts";
import { type RoomStatus, openRoom } from "../../src/realtime/room.ts";
import { hasLocalAbly, startLocalAbly } from "../support/local-ably.ts";

const [name, secret] = ["room.test", "a-key-of-local-ably-only"] as const;
/** https://ably.com/docs/platform/pricing/limits */
const MAX_CHANNELS = 200;

const it = test.skipIf(!hasLocalAbly);

let localAbly: Awaited<ReturnType<typeof startLocalAbly>>;
let client: Ably.Realtime;
const me = { name: "Ada" };

beforeAll(async () => {
  localAbly = await startLocalAbly({ keys: [{ name, secret, capability: { "*": ["*"] } }] });
});
afterAll(() => localAbly?.close());

beforeEach(() => {
  const local = { endpoint: "127.0.0.1", port: localAbly.port, tls: false, useTokenAuth: true };
  client = new Ably.Realtime({ key: `${name}:${secret}`, clientId: "ada", ...local });
});
afterEach(() => client.close());

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
  const others = Array.from({ length: MAX_CHANNELS }, (_, index) => `other:${index}`);
  await Promise.all(others.map((channel) => client.channels.get(channel).attach()));
  const room = await open("one too many");
  await expect(room.send("chat-message", { text: "hi" })).rejects.toMatchObject({ code: 90010 });
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
