/** Three minutes without Ably, for fifty clients: longer than Ably keeps a connection's state. */
import { setTimeout as pause } from "node:timers/promises";
import Ably from "ably";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startLocalAbly } from "../../../local-ably/server.ts";
import type { Client } from "../../../src/realtime/connect.ts";
import { FATE_UNKNOWN, type Unsent } from "../../../src/realtime/outbox.ts";
import { openRoom } from "../../../src/realtime/room.ts";

const CLIENTS = 50;
const OUTAGE_MS = 180_000;
/** Each client sends this often during the outage. */
const INTERVAL_MS = 20_000;
const key = { name: "outage.test", secret: "a-key-of-local-ably-only" };

let ably: Awaited<ReturnType<typeof startLocalAbly>>;
const sdkClients: Ably.Realtime[] = [];

beforeAll(async () => {
  ably = await startLocalAbly({ keys: [{ ...key, capability: { "*": ["*"] } }] });
});

afterAll(async () => {
  for (const client of sdkClients) client.close();
  await ably.close();
});

/** Somebody in the room, and what they have received and not yet sent. */
function arrive(clientId: string) {
  const address = { endpoint: "127.0.0.1", port: ably.port, tls: false };
  const client = new Ably.Realtime({ key: `${key.name}:${key.secret}`, clientId, ...address });
  sdkClients.push(client);
  const received: string[] = [];
  let unsent: Unsent[] = [];
  const room = openRoom(
    client as unknown as Client,
    "outage",
    { name: clientId },
    {
      message: ({ raw }) => received.push(String(raw.data.text)),
      unsent: (list) => (unsent = list),
    },
  );
  const sent: string[] = [];
  const send = (text: string) => {
    sent.push(`${clientId} ${text}`);
    void room.send("chat-message", { text: `${clientId} ${text}` });
  };
  return { client, received, sent, send, unsent: () => unsent };
}

const textOf = ({ data }: Unsent) => ("text" in data ? String(data.text) : "");

it("loses and doubles nothing in three minutes without Ably", { timeout: 360_000 }, async () => {
  const people = Array.from({ length: CLIENTS }, (_, i) => arrive(`client ${i}`));
  await Promise.all(people.map(({ client }) => client.connection.whenState("connected")));
  for (const { send } of people) send("before");
  await expect.poll(() => people.every(({ unsent }) => unsent().length === 0)).toBe(true);

  for (const { send } of people) send("on its way");
  ably.faults.refuseConnections(2 * OUTAGE_MS);
  ably.faults.dropAll();
  for (let ms = 0; ms < OUTAGE_MS; ms += INTERVAL_MS) {
    for (const { send } of people) send(`after ${ms / 1_000} s`);
    await pause(INTERVAL_MS);
  }
  expect(people.some(({ client }) => client.connection.state === "connected")).toBe(false);
  ably.faults.refuseConnections(0);

  const isWaiting = ({ state }: Unsent) => state !== "failed";
  const waiting = () => people.flatMap(({ unsent }) => unsent().filter(isWaiting));
  await expect.poll(() => waiting().map(textOf), { timeout: 120_000 }).toEqual([]);

  const watcher = people[0]!;
  const failed = people.flatMap(({ unsent }) => unsent());
  // A message that was on its way may have been lost or not: after two minutes only a person decides.
  for (const { error } of failed) expect(error).toBe(FATE_UNKNOWN);
  for (const text of failed.map(textOf)) expect(text).toMatch(/on its way$/);
  const all = people.flatMap(({ sent }) => sent);
  await expect
    .poll(() => all.filter((text) => !watcher.received.includes(text)).sort())
    .toEqual(
      failed
        .map(textOf)
        .filter((text) => !watcher.received.includes(text))
        .sort(),
    );
  for (const { received } of people) expect(new Set(received).size).toBe(received.length);
  for (const { sent } of people) {
    const arrived = watcher.received.filter((text) => sent.includes(text));
    expect(arrived).toEqual(sent.filter((text) => arrived.includes(text)));
  }
});
