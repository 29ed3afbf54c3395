/** Three minutes without Ably, for fifty clients: longer than Ably keeps a connection's state. */
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Unsent, openRoom } from "../../../src/realtime/index.ts";
import { type Notes, notes } from "../../../tests/support/contract.ts";
import { useLocalAbly } from "../../../tests/support/tab.ts";

const CLIENTS = 50;
const OUTAGE_MS = 180_000;
/** Each client sends this often during the outage. */
const INTERVAL_MS = 20_000;

const { openTab, rest, server } = useLocalAbly();

/** Somebody in the room, and what they have received and not yet sent. */
function arrive(clientId: string) {
  const { connection } = openTab(clientId);
  const received: string[] = [];
  let unsent: Unsent<Notes>[] = [];
  const profile = { name: clientId };
  const room = openRoom(
    connection,
    notes,
    "outage",
    { profile },
    {
      message: ({ raw }) => received.push(String(raw.data.text)),
      unsent: (list) => (unsent = list),
    },
  );
  const sent: string[] = [];
  const send = (text: string) => {
    sent.push(`${clientId} ${text}`);
    room.send("note", { text: `${clientId} ${text}` }).catch(() => {});
  };
  return { connection, received, sent, send, unsent: () => unsent };
}

/** The texts of the last two minutes, oldest first. */
async function readHistory(): Promise<string[]> {
  const params = { limit: 1_000, direction: "forwards" } as const;
  const { items } = await rest().channels.get("room:outage").history(params);
  return items.map(({ data }) => data.text);
}

const textOf = ({ data }: Unsent<Notes>) => data.text;

it("loses and doubles nothing in three minutes without Ably", { timeout: 360_000 }, async () => {
  const { faults } = server();
  const people = Array.from({ length: CLIENTS }, (_, i) => arrive(`client-${i}`));
  const watcher = people[0]!;
  for (const { send } of people) send("before");
  await expect.poll(() => watcher.received.length, { timeout: 60_000 }).toBe(CLIENTS);
  await expect.poll(() => people.every(({ unsent }) => unsent().length === 0)).toBe(true);

  // Ably gets these messages, and no answer comes back.
  faults.hold();
  for (const { send } of people) send("on its way");
  const isPublishing = ({ delivery }: Unsent<Notes>) => delivery === "publishing";
  await expect.poll(() => people.every(({ unsent }) => unsent().some(isPublishing))).toBe(true);
  faults.refuseConnections(2 * OUTAGE_MS);
  faults.dropAll();
  faults.release();
  for (let ms = 0; ms < OUTAGE_MS; ms += INTERVAL_MS) {
    for (const { send } of people) send(`after ${ms / 1_000} s`);
    await pause(INTERVAL_MS);
  }
  expect(people.filter(({ connection }) => connection.status.state === "connected")).toEqual([]);
  faults.refuseConnections(0);

  // After two minutes Ably no longer recognizes a repeat: the person decides.
  const left = () => people.flatMap(({ unsent }) => unsent());
  const isOpen = ({ delivery }: Unsent<Notes>) => delivery !== "unconfirmed";
  await expect.poll(() => left().filter(isOpen).map(textOf), { timeout: 120_000 }).toEqual([]);
  const onTheirWay = people.map(({ sent }) => sent[1]).toSorted();
  expect(onTheirWay).toHaveLength(CLIENTS);
  expect(left().map(textOf).toSorted()).toEqual(onTheirWay);
  // A page that comes back gets 100 messages of what it missed. Ably has all of them.
  const atAbly = await readHistory();
  for (const { received, sent } of people) {
    expect(new Set(received).size).toBe(received.length);
    const expected = sent.slice(2);
    expect(expected.length).toBe(OUTAGE_MS / INTERVAL_MS);
    expect(atAbly.filter((text) => expected.includes(text))).toEqual(expected);
  }
});
