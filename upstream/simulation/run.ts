/** Runs a schedule in a world, lets everything heal, and returns which promises were broken. */
import { vi } from "vitest";
import { type Action, createRandom } from "./schedule.ts";
import { type Tab, World } from "./world.ts";

const PEOPLE = ["ada", "bob", "cy"];
const MAX_TABS = 5;
const REFUSAL_MS = 500;
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
      refuseMessages(tab, 1 + Math.round(size * 3));
      break;
    case "refuse the connection":
      refuseConnection(tab, [40111, 42910, 50003][Math.floor(size * 3)] ?? 50003);
      break;
    case "go and come back":
      tab.page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
      await world.drain();
      tab.page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
      break;
    case "sleep":
      await world.sleep(size * 200_000);
      break;
    case "set the clock":
      world.setClock(size * 100_000);
      break;
    default:
      name satisfies never;
  }
  await world.drain();
}

/** Ably refuses the next messages of a tab, because the rate is too high. */
function refuseMessages({ connection }: Tab, count: number): void {
  const channel = connection.client.channels.get("room:simulated");
  const limit = { code: 42911, statusCode: 429, message: "Rate limit exceeded" };
  const publish = vi.spyOn(channel, "publish");
  // The refusal takes a moment: what is published meanwhile would overtake the message.
  const refuse = () => new Promise<never>((_, reject) => setTimeout(reject, REFUSAL_MS, limit));
  for (let i = 0; i < count; i++) publish.mockImplementationOnce(refuse);
}

/** Receives the frame that ends a connection, as if Ably had sent it. */
function refuseConnection({ connection }: Tab, code: number): void {
  const { activeProtocol } = Reflect.get(connection.client.connection, "connectionManager");
  const error = { code, statusCode: Math.floor(code / 100), message: "Refused for a test." };
  activeProtocol?.transport.onProtocolMessage({ action: 9, error });
}

function checkAll(world: World): string[] {
  return [
    ...checkOnce(world),
    ...checkKept(world),
    ...checkOrder(world),
    ...world.tabs.flatMap((tab) => [...checkHere(tab), ...checkShown(world, tab)]),
  ];
}

function checkOnce({ sent, record }: World): string[] {
  return sent.flatMap(({ text, state }) => {
    const count = record.filter((each) => each === text).length;
    if (count > 1) return [`“${text}” was published ${count} times`];
    if (state === "acknowledged" && count === 0) return [`“${text}” was acknowledged and is lost`];
    return [];
  });
}

/** What Ably does not have is still there, and what the page calls delivered is there. */
function checkKept({ sent, record, tabs }: World): string[] {
  const unsent = tabs.flatMap((tab) => tab.unsent);
  const lost = sent
    .filter(({ text }) => !record.includes(text))
    .filter(({ text }) => !unsent.some(({ data }) => data.text === text))
    .map(({ text }) => `“${text}” is neither at Ably nor in an outbox`);
  const waiting = unsent
    .filter(({ delivery }) => delivery === "waiting" || delivery === "publishing")
    .map(({ data, delivery, waitsFor }) => `“${data.text}” is still ${delivery} (${waitsFor})`);
  const wrong = unsent
    .filter(({ delivery, data }) => delivery === "delivered" && !record.includes(data.text))
    .map(({ data }) => `“${data.text}” is called delivered and is not`);
  return [...lost, ...waiting, ...wrong];
}

/** What one person's tab has sent arrives in the order in which it was sent. */
function checkOrder({ sent, record, tabs }: World): string[] {
  const asked = new Set(tabs.flatMap(({ unsent }) => unsent.map(({ data }) => data.text)));
  const lineages = new Set(sent.map(({ text }) => text.split(" ")[0] ?? ""));
  return [...lineages].flatMap((lineage) => {
    const mine = sent.map(({ text }) => text).filter((text) => text.startsWith(`${lineage} `));
    const arrived = record.filter((text) => mine.includes(text) && !asked.has(text));
    const expected = mine.filter((text) => arrived.includes(text));
    const isOrdered = arrived.every((text, index) => text === expected[index]);
    return isOrdered ? [] : [`${lineage}: arrived as ${arrived.join(", ")}`];
  });
}

/** The page is connected and in the list, without a click. */
function checkHere({ clientId, connection, members }: Tab): string[] {
  const { state } = connection.status;
  if (state !== "connected") return [`a tab of ${clientId} is ${state}`];
  return members.includes(clientId) ? [] : [`a tab of ${clientId} is not in its own list`];
}

/** A page shows messages in Ably's order, and says where some may be missing. */
function checkShown({ record }: World, { clientId, shown }: Tab): string[] {
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
