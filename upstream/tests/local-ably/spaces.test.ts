/** `@ably/spaces`, unmodified, works with local Ably. */
import Spaces, { type Space } from "@ably/spaces";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LOCAL_KEYS } from "../../../local-ably/keys.ts";
import { optionsFor, signer } from "./harness.ts";
import { type RunningLocalAbly, startLocalAbly } from "../../../local-ably/server.ts";
import Ably from "ably";

const OFFLINE_TIMEOUT_MS = 1_000;

let server: RunningLocalAbly;
const clients: Ably.Realtime[] = [];
let ada: Space;
let bob: Space;

async function open(clientId: string): Promise<Space> {
  const options = optionsFor(server, "json");
  const client = new Ably.Realtime({ ...options, clientId, authCallback: signer() });
  clients.push(client);
  return new Spaces(client).get("space", { offlineTimeout: OFFLINE_TIMEOUT_MS });
}

beforeAll(async () => {
  server = await startLocalAbly({ keys: LOCAL_KEYS });
  [ada, bob] = await Promise.all([open("ada"), open("bob")]);
});

afterAll(async () => {
  for (const client of clients) client.close();
  await server.close();
});

it("shows members to each other", async () => {
  await ada.enter({ name: "Ada" });
  await bob.enter({ name: "Bob" });
  const membersOf = async (space: Space) =>
    (await space.members.getAll()).map(({ clientId, profileData }) => [clientId, profileData]);
  const everyone = [
    ["ada", { name: "Ada" }],
    ["bob", { name: "Bob" }],
  ];
  for (const space of [ada, bob]) {
    await expect.poll(async () => (await membersOf(space)).toSorted()).toEqual(everyone);
  }
});

it("shares locations", async () => {
  await ada.locations.set({ slide: 3 });
  const locations = () => bob.locations.getOthers();
  await expect.poll(async () => Object.values(await locations())).toContainEqual({ slide: 3 });
});

it("shares cursors", async () => {
  const positions: unknown[] = [];
  bob.cursors.subscribe("update", ({ position }) => positions.push(position));
  await expect
    .poll(async () => {
      // Spaces sends cursors only after it learns that someone has subscribed.
      await ada.cursors.set({ position: { x: 1, y: 2 } });
      return positions;
    })
    .toContainEqual({ x: 1, y: 2 });
});

it("gives a lock to one member", async () => {
  const request = await ada.locks.acquire("slide-3");
  expect(request.status).toBe("pending");
  const holder = () => bob.locks.get("slide-3")?.member.clientId;
  await expect.poll(holder).toBe("ada");
  await expect.poll(() => bob.locks.get("slide-3")?.status).toBe("locked");
  const refused = new Promise((resolve) => {
    bob.locks.subscribe("update", (lock) => {
      if (lock.member.clientId === "bob" && lock.status === "unlocked") resolve(lock);
    });
  });
  await bob.locks.acquire("slide-3");
  await refused;
  expect(holder()).toBe("ada");
});

it("removes a member who leaves", async () => {
  await bob.leave();
  const names = async () => (await ada.members.getAll()).map(({ clientId }) => clientId);
  await expect.poll(names).toEqual(["ada"]);
});
