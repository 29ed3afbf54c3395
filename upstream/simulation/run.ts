/** Runs a schedule in a world, lets everything heal, and returns which promises were broken. */
import type { Message } from "ably";
import { vi } from "vitest";
import { type Action, createRandom } from "./schedule.ts";
import { CHANNEL, type Tab, World } from "./world.ts";

const PEOPLE = ["ada", "bob", "cy"];
const MAX_TABS = 5;
const REFUSAL_MS = 100;
/** How often a page may try in ten seconds in which Ably refuses each message. */
const MAX_TRIES = 10;
/** Long enough for each backoff, and for Ably to drop members that were lost. */
const HEALING_MS = 240_000;

/** Runs it with the random numbers of a seed. Returns sentences, or none if each promise held. */
export async function runSchedule(schedule: Action[], seed: number): Promise<string[]> {
  const random = createRandom(seed);
  vi.spyOn(Math, "random").mockImplementation(random);
  const world = new World();
  await world.start();
  for (const clientId of PEOPLE) await world.open(clientId);
  await world.pass(4_000);
  for (const action of schedule) await act(world, action);
  for (const { relay } of world.tabs) relay.up();
  await world.pass(HEALING_MS);
  const broken = checkAll(world);
  await world.end();
  return broken;
}

/** The browser says that it is online again, and the SDK connects at once. */
function comeOnline({ connection: { client } }: Tab): void {
  if (["disconnected", "suspended"].includes(client.connection.state)) client.connect();
}

async function act(world: World, { name, tab: number, size }: Action): Promise<void> {
  const tab = world.tabs[number % world.tabs.length];
  if (!tab) return;
  switch (name) {
    case "send":
      world.send(tab);
      break;
    case "burst":
      for (let i = 0; i < 3 + size * 10; i++) world.send(tab);
      break;
    case "wait":
      return world.pass(4_000 + size * 20_000);
    case "long wait":
      return world.pass(60_000 + size * 90_000);
    case "cut":
      tab.relay.cut();
      break;
    case "down":
      tab.relay.down();
      break;
    case "up":
      tab.relay.up();
      comeOnline(tab);
      break;
    case "swallow":
      tab.relay.swallowAnswers();
      break;
    case "swallow, then down":
      tab.relay.swallowAnswers();
      world.send(tab);
      await world.drain();
      tab.relay.down();
      break;
    case "crash and come back": {
      const { clientId, lineage, storages } = tab;
      const kept = { ...storages, sessionStorage: storages.sessionStorage.copy() };
      await world.crash(tab);
      await world.open(clientId, kept, lineage);
      break;
    }
    case "reload":
      await world.reload(tab);
      break;
    case "duplicate": {
      const { sessionStorage, localStorage } = tab.storages;
      if (world.tabs.length < MAX_TABS) {
        await world.open(tab.clientId, { sessionStorage: sessionStorage.copy(), localStorage });
      }
      break;
    }
    case "reopen":
      tab.room.close();
      if (size > 0.5) await world.drain();
      tab.room = world.openRoom(tab);
      break;
    case "restart":
      void tab.connection.restart();
      break;
    case "refuse messages":
      refuseMessages(tab, 10 + size * 9_990);
      break;
    case "refuse the connection":
      receive(tab, {
        action: 9,
        error: errorOf([40111, 42910, 50003][Math.floor(size * 3)] ?? 50003),
      });
      break;
    case "go and come back":
      tab.window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
      await world.drain();
      tab.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
      break;
    case "sleep":
      await world.sleep(size * 200_000);
      break;
    case "set the clock":
      world.setClock((size - 0.3) * 150_000);
      break;
    case "forget":
      await world.forget();
      break;
    case "detach":
      world.detachAll();
      break;
    case "fail the room":
      await world.failAll();
      break;
    case "refuse presence":
      refusePresence(tab, 1 + Math.round(size * 3));
      break;
    case "fill the storage":
      tab.storages.sessionStorage.fill();
      break;
    case "rename":
      tab.name = `${tab.clientId} ${size}`;
      tab.room.setProfile({ name: tab.name });
      break;
    default:
      name satisfies never;
  }
  await world.drain();
}

const errorOf = (code: number) => {
  return { code, statusCode: Math.floor(code / 100), message: "Refused for a test." };
};

/** Ably refuses what a tab publishes, for some time, and counts it. */
function refuseMessages({ connection, refusals }: Tab, ms: number): void {
  const channel = connection.client.channels.get(CHANNEL);
  const publish = channel.publish.bind(channel);
  const refusal = { ms, count: 0 };
  const end = performance.now() + ms;
  refusals.push(refusal);
  const publishOrRefuse = async (message: Message) => {
    if (performance.now() >= end) return publish(message);
    refusal.count++;
    return refuse(42911);
  };
  Object.assign(channel, { publish: publishOrRefuse });
}

/** Ably refuses that a tab enters presence, a few times. The SDK also enters by itself. */
function refusePresence({ connection }: Tab, count: number): void {
  const presence: object = connection.client.channels.get(CHANNEL).presence;
  const enter = vi.spyOn(
    presence as Record<"_enterOrUpdateClient", () => unknown>,
    "_enterOrUpdateClient",
  );
  for (let i = 0; i < count; i++) enter.mockImplementationOnce(() => refuse(91003));
}

/** The refusal takes a moment: what is published meanwhile would overtake the message. */
function refuse(code: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(reject, REFUSAL_MS, errorOf(code)));
}

/** Receives a frame, as if Ably had sent it. */
function receive({ connection }: Tab, frame: object): void {
  const { activeProtocol } = Reflect.get(connection.client.connection, "connectionManager");
  activeProtocol?.transport.onProtocolMessage(frame);
}

function checkAll(world: World): string[] {
  return [
    ...checkOnce(world),
    ...checkKept(world),
    ...checkOrder(world),
    ...world.tabs.flatMap((tab) => [
      ...checkTries(tab),
      ...checkHere(world, tab),
      ...checkShown(world, tab),
    ]),
  ];
}

function checkOnce({ sent, record }: World): string[] {
  return sent.flatMap(({ text, state, mayRepeat }) => {
    const count = record.filter((each) => each === text).length;
    if (count > 1 && !mayRepeat) return [`“${text}” was published ${count} times`];
    if (state === "acknowledged" && count === 0) return [`“${text}” was acknowledged and is lost`];
    return [];
  });
}

/** What Ably does not have is still there, and what the page calls acknowledged is there. */
function checkKept({ sent, record, tabs }: World): string[] {
  const unsent = tabs.flatMap((tab) => tab.unsent);
  const lost = sent
    .filter(({ text, mayBeLost }) => !record.includes(text) && !mayBeLost)
    .filter(({ text }) => !unsent.some(({ data }) => data.text === text))
    .map(({ text }) => `“${text}” is neither at Ably nor in an outbox`);
  const waiting = unsent
    .filter(({ delivery }) => delivery === "waiting" || delivery === "publishing")
    .map(({ data, delivery, waitsFor }) => `“${data.text}” is still ${delivery} (${waitsFor})`);
  const wrong = unsent
    .filter(({ delivery, data }) => delivery === "acknowledged" && !record.includes(data.text))
    .map(({ data }) => `“${data.text}” is called acknowledged and is not`);
  return [...lost, ...waiting, ...wrong];
}

/** What one person's tab has sent arrives in the order in which it was sent. */
function checkOrder({ sent, record, tabs }: World): string[] {
  const asked = new Set(tabs.flatMap(({ unsent }) => unsent.map(({ data }) => data.text)));
  const lineages = new Set(sent.map(({ text }) => text.split(" ")[0] ?? ""));
  return [...lineages].flatMap((lineage) => {
    const clear = sent.filter(({ mayRepeat }) => !mayRepeat).map(({ text }) => text);
    const mine = clear.filter((text) => text.startsWith(`${lineage} `));
    const arrived = record.filter((text) => mine.includes(text) && !asked.has(text));
    const expected = mine.filter((text) => arrived.includes(text));
    const isOrdered = arrived.every((text, index) => text === expected[index]);
    return isOrdered ? [] : [`${lineage}: arrived as ${arrived.join(", ")}`];
  });
}

/** The page is connected, and everyone is in its list with their present name, without a click. */
function checkHere({ tabs }: World, { clientId, connection, members }: Tab): string[] {
  const { state } = connection.status;
  if (state !== "connected") return [`a tab of ${clientId} is ${state}`];
  const expected = tabs.map((tab) => `${tab.connection.client.connection.id} ${tab.name}`);
  return expected.toSorted().join() === members.toSorted().join()
    ? []
    : [
        `a tab of ${clientId} has in its list: ${members.join(", ")}, and not ${expected.join(", ")}`,
      ];
}

/** A page waits longer after each refusal. */
function checkTries({ clientId, refusals }: Tab): string[] {
  return refusals
    .filter(({ count }) => count > MAX_TRIES)
    .map(({ ms, count }) => `a tab of ${clientId} tried ${count} times in ${Math.round(ms)} ms`);
}

/** A page shows messages in Ably's order, and says where some may be missing. */
function checkShown(world: World, { clientId, shown: all }: Tab): string[] {
  // Where Ably had forgotten a message, nobody can say which of two is meant.
  const unclear = new Set(world.sent.filter((each) => each.mayRepeat).map(({ text }) => text));
  const record = world.record.filter((text) => !unclear.has(text));
  const shown = all.filter((text) => !unclear.has(text));
  const texts = shown.filter((text) => text !== "gap");
  const broken = texts
    .filter((text, index) => texts.indexOf(text) !== index)
    .map((text) => `${clientId} sees “${text}” twice`);
  let last = -1;
  let hasGap = true;
  for (const text of shown) {
    if (text === "gap") {
      hasGap = true;
      continue;
    }
    const index = record.indexOf(text);
    if (index < last) broken.push(`${clientId} sees “${text}” out of order`);
    if (index > last + 1 && !hasGap)
      broken.push(
        `${clientId} misses ${record.slice(last + 1, index).join(", ")} before “${text}”`,
      );
    last = Math.max(last, index);
    hasGap = false;
  }
  return broken;
}
