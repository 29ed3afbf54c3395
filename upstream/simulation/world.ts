/**
 * One Ably, and tabs of a few people in this process: the real modules of src/realtime/ with the real
 * SDK, each behind a relay. Time moves by hand. Import it after `vi.useFakeTimers`, because the SDK
 * keeps the timers that it finds.
 */
import { setTimeout as pause } from "node:timers/promises";
import { vi } from "vitest";
import { startLocalAbly } from "../../local-ably/server.ts";
import { type Connection, connect } from "../../src/realtime/connection.ts";
import { type Room, type Unsent, openRoom } from "../../src/realtime/index.ts";
import { type Notes, notes } from "../../tests/support/contract.ts";
import { type FakeStorages, createStorages, openFake } from "../../tests/support/storage.ts";
import { signFor } from "./token.ts";
import { type Relay, startRelay } from "./relay.ts";

const KEY = { name: "simulation.key", secret: "a-key-of-local-ably-only" };
const ROOM = "simulated";
export const CHANNEL = `room:${ROOM}`;
const STEP_MS = 4_000;
/** https://ably.com/docs/connect/states and https://ably.com/docs/pub-sub/advanced#idempotency */
const ABLY_KEEPS_MS = 120_000;
/** The relays are quiet when nothing passes for this many rounds of real time. */
const QUIET_ROUNDS = 3;
/** What broken code sends without end is a fault, too. */
const MAX_ROUNDS = 2_000;

export type Sent = {
  text: string;
  state: "pending" | "acknowledged" | "refused";
  /** The page has said that a reload loses it. */
  mayBeLost?: boolean;
  /** Ably forgot that it has it, before it acknowledged it. */
  mayRepeat?: boolean;
};

export type Tab = {
  clientId: string;
  /** What the tab shows of itself to others. */
  name: string;
  /** A tab keeps it over a reload. A duplicated tab has another one. */
  lineage: string;
  storages: FakeStorages;
  relay: Relay;
  window: EventTarget;
  connection: Connection;
  room: Room<Notes>;
  /** What the page shows: texts in order, and "gap" where it says that something may be missing. */
  shown: string[];
  unsent: Unsent<Notes>[];
  /** Connection ID and name of each. */
  members: string[];
  /** For how long Ably refused each message, and how many it refused then. */
  refusals: { ms: number; count: number }[];
};

export class World {
  readonly tabs: Tab[] = [];
  readonly sent: Sent[] = [];
  /** The texts that Ably has delivered to everyone, in its order. */
  readonly record: string[] = [];
  #ably!: Awaited<ReturnType<typeof startLocalAbly>>;
  #observer!: Connection;
  #count = 0;
  #lineages = 0;

  async start(): Promise<void> {
    const keys = [{ ...KEY, capability: { "*": ["*"] } }];
    this.#ably = await startLocalAbly({ keys, settings: { maxInboundRate: 1_000 } });
    this.#observer = this.#connect(
      "observer",
      this.#ably.port,
      createStorages(),
      new EventTarget(),
    );
    const channel = this.#observer.client.channels.get(CHANNEL);
    void channel.subscribe(({ data }) => this.record.push(data.text));
    await this.drain();
  }

  #connect(
    clientId: string,
    port: number,
    storages: FakeStorages,
    window: EventTarget,
  ): Connection {
    return connect(clientId, {
      storages: openFake(storages),
      window,
      ably: {
        authCallback: (_params, respond) => {
          signFor(KEY, clientId).then(
            (request) => respond(null, request),
            (error) => respond(error, null),
          );
        },
        endpoint: "127.0.0.1",
        port,
        tls: false,
        logLevel: 0,
        disconnectedRetryTimeout: 5_000,
        suspendedRetryTimeout: 10_000,
      },
    });
  }

  /** Opens a page in a new tab, or in one with these storages. */
  async open(
    clientId: string,
    storages = createStorages(),
    lineage = `${clientId}-${this.#lineages++}`,
  ): Promise<Tab> {
    const relay = await startRelay(this.#ably.port);
    const window = new EventTarget();
    const connection = this.#connect(clientId, relay.port, storages, window);
    const tab: Tab = {
      clientId,
      name: clientId,
      lineage,
      storages,
      relay,
      window,
      connection,
      room: undefined as unknown as Room<Notes>,
      shown: [],
      unsent: [],
      members: [],
      refusals: [],
    };
    tab.room = this.openRoom(tab);
    this.tabs.push(tab);
    return tab;
  }

  /** A room that is opened again begins with its history. */
  openRoom(tab: Tab): Room<Notes> {
    tab.shown = [];
    const profile = { name: tab.name };
    return openRoom(
      tab.connection,
      notes,
      ROOM,
      { profile },
      {
        message: ({ content }) => tab.shown.push(content?.data.text ?? "?"),
        status: ({ isContinuous }) => isContinuous || tab.shown.push("gap"),
        unsent: (list) => (tab.unsent = list),
        members: (list) => {
          tab.members = list.map(({ connectionId, profile }) => `${connectionId} ${profile?.name}`);
        },
      },
    );
  }

  send(tab: Tab): void {
    const sent: Sent = { text: `${tab.lineage} ${this.#count++}`, state: "pending" };
    this.sent.push(sent);
    tab.room.send("note", { text: sent.text }).then(
      () => (sent.state = "acknowledged"),
      ({ code }: { code: number }) => (sent.state = code === 0 ? "pending" : "refused"),
    );
  }

  /** The tab is gone without a word. Its storage stays as it is now. */
  async crash(tab: Tab): Promise<void> {
    this.#loseUnstored(tab);
    tab.storages = {
      sessionStorage: tab.storages.sessionStorage.copy(),
      localStorage: tab.storages.localStorage,
    };
    tab.connection.client.connection.off();
    tab.connection.storages.tab.end();
    tab.relay.down();
    tab.connection.close();
    this.tabs.splice(this.tabs.indexOf(tab), 1);
  }

  async reload(tab: Tab): Promise<Tab> {
    const storages = {
      sessionStorage: tab.storages.sessionStorage.copy(),
      localStorage: tab.storages.localStorage,
    };
    tab.window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
    await this.drain();
    this.#loseUnstored(tab);
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    return this.open(tab.clientId, storages, tab.lineage);
  }

  /** Lets time pass, in steps, with everything that happens in it. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await vi.advanceTimersByTimeAsync(Math.min(left, STEP_MS));
      await this.drain();
    }
  }

  /**
   * The computer sleeps: the clocks go on, and no timer runs until it wakes. Ably does not sleep: after
   * two minutes it knows neither the connections nor the IDs of messages.
   */
  async sleep(ms: number): Promise<void> {
    vi.setSystemTime(Date.now() + ms);
    if (ms > ABLY_KEEPS_MS) await this.#forget();
    else await this.drain();
  }

  setClock(ms: number): void {
    vi.setSystemTime(Date.now() + ms);
  }

  /** Waits in real time until nothing is on its way. */
  async drain(): Promise<void> {
    let quiet = 0;
    let before = -1;
    for (let round = 0; quiet < QUIET_ROUNDS; round++) {
      if (round > MAX_ROUNDS) throw new Error("The tabs and Ably never stop talking.");
      await vi.advanceTimersByTimeAsync(1);
      await new Promise((resolve) => setImmediate(resolve));
      await pause(1);
      const traffic = this.tabs.reduce((sum, { relay }) => sum + relay.traffic(), 0);
      quiet = traffic === before ? quiet + 1 : 0;
      before = traffic;
    }
  }

  #loseUnstored({ unsent }: Tab): void {
    const lost = unsent.filter(({ isStored }) => !isStored).map(({ data }) => data.text);
    for (const each of this.sent) each.mayBeLost ||= lost.includes(each.text);
  }

  /** Ably restarts, and knows nothing any more. The observer is back before anyone else. */
  async forget(): Promise<void> {
    for (const each of this.sent) each.mayRepeat ||= each.state === "pending";
    await this.#forget();
  }

  async #forget(): Promise<void> {
    const wereUp = this.tabs.filter(({ relay }) => !relay.isDown());
    for (const { relay } of wereUp) relay.down();
    this.#ably.faults.forget();
    const { client } = this.#observer;
    const { id } = client.connection;
    while (client.connection.id === id || client.channels.get(CHANNEL).state !== "attached") {
      await this.drain();
      client.connect();
    }
    for (const { relay } of wereUp) relay.up();
  }

  /** The tabs wait for a moment before they attach again. The observer does not. */
  async failAll(): Promise<void> {
    const channel = this.#observer.client.channels.get(CHANNEL);
    const failed = channel.whenState("failed");
    this.#ably.faults.fail(CHANNEL);
    await failed;
    await channel.attach();
  }

  detachAll(): void {
    this.#ably.faults.detach(CHANNEL);
  }

  async end(): Promise<void> {
    for (const { connection } of this.tabs) connection.close();
    this.#observer.close();
    await this.drain();
    for (const { relay } of this.tabs) await relay.close();
    await this.#ably.close();
  }
}
