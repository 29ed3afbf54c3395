import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type ConnectionStatus,
  type ConnectionStep,
  type RoomStatus,
  openRoom,
} from "../../src/realtime/index.ts";
import { Retry } from "../../src/realtime/retry.ts";
import { describeError } from "../../src/realtime/words.ts";
import { hasLocalAbly } from "../support/local-ably.ts";
import { createStorages, openFake } from "../support/storage.ts";
import { notes } from "../support/contract.ts";
import {
  connectionManagerOf,
  requestToken,
  signFor,
  transportOf,
  useLocalAbly,
} from "../support/tab.ts";

describe.runIf(hasLocalAbly)("the connection", () => {
  const { openTab, server } = useLocalAbly();

  beforeEach(() => vi.stubGlobal("__ABLY_KEY_NAME__", "tab.test"));
  afterEach(() => vi.unstubAllGlobals());

  const connected = (connection: { status: ConnectionStatus }) =>
    expect.poll(() => connection.status.state).toBe("connected");

  it("has a status at any time, and reports each change until a listener is removed", async () => {
    const { connection } = openTab("ada");
    const states: string[] = [];
    const stop = connection.onStatus(({ state }) => states.push(state));
    expect(connection.status.state).toBe("initialized");
    await connected(connection);
    expect(states).toEqual(["connecting", "connected"]);
    stop();
    connection.close();
    await expect.poll(() => connection.status.state).toBe("closed");
    expect(states).toEqual(["connecting", "connected"]);
  });

  it("keeps what was wrong during the next attempt", async () => {
    const { connection } = openTab("ada", { requestToken: () => Promise.reject("no token") });
    const statuses: ConnectionStatus[] = [];
    connection.onStatus((status) => statuses.push(status));
    await expect.poll(() => statuses.at(-1)?.state).toBe("disconnected");
    const { error } = connection.status;
    expect(error).toBeDefined();
    statuses.length = 0;
    connection.retry();
    await expect.poll(() => statuses[0]).toMatchObject({ state: "connecting", error });
  });

  it("has no error while it is connected, also if it could not be resumed", async () => {
    const steps: ConnectionStep[] = [];
    const { connection } = openTab("ada", { observe: (step) => steps.push(step) });
    await connected(connection);
    server().faults.forget();
    const isRefusal = (step: ConnectionStep) =>
      step.type === "state" && step.state === "connected" && step.error !== undefined;
    await expect.poll(() => steps.some(isRefusal)).toBe(true);
    await connected(connection);
    expect(connection.status.error).toBeUndefined();
  });

  it("does not change while a token is renewed, and is observed all the same", async () => {
    const steps: ConnectionStep[] = [];
    const { connection } = openTab("ada", { observe: (step) => steps.push(step) });
    await connected(connection);
    const states: string[] = [];
    connection.onStatus(({ state }) => states.push(state));
    const { id } = connection.client.connection;
    await connection.renew();
    expect(states).toEqual(["connected"]);
    expect(connection.client.connection.id).toBe(id);
    const observed = steps.flatMap((step) => (step.type === "state" ? step.state : []));
    expect(observed).toEqual(["connecting", "connected", "connected"]);
  });

  it("opens another connection with the same client at a restart", async () => {
    const page = openTab("ada");
    const { connection } = page;
    await connected(connection);
    const { client } = connection;
    const { id } = client.connection;
    await connection.restart();
    await connected(connection);
    expect(connection.client).toBe(client);
    expect(client.connection.id).not.toBe(id);
  });

  it("comes back by itself after restarts while there is no token", async () => {
    let isDown = false;
    const page = openTab("ada", {
      requestToken: () => (isDown ? Promise.reject("no token") : requestToken("ada")),
    });
    const { connection } = page;
    await connected(connection);
    isDown = true;
    await Promise.all([connection.restart(), connection.restart()]);
    await expect.poll(() => connection.status.state).toBe("disconnected");
    isDown = false;
    connection.retry();
    await connected(connection);
  });

  it("connects again after a minute at most, though the clock was set back by hours", async () => {
    const { connection } = openTab("ada");
    await connected(connection);
    // The SDK waits until the clock is past this time.
    const inFuture = Date.now() + 3_600_000;
    Reflect.set(connectionManagerOf(connection.client), "lastAutoReconnectAttempt", inFuture);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    server().faults.dropAll();
    await connection.client.connection.whenState("disconnected");
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    await connected(connection);
  });

  it("no longer waits for the end of the page when it is closed", async () => {
    const { connection, window } = openTab("ada", { ably: { autoConnect: false } });
    const listeners = new Map<unknown, string>();
    vi.spyOn(window, "addEventListener").mockImplementation((name, listener) =>
      listeners.set(listener, name),
    );
    vi.spyOn(window, "removeEventListener").mockImplementation((_, listener) => {
      listeners.delete(listener);
    });
    connection.retry();
    await connected(connection);
    await connection.restart();
    expect([...listeners.values()]).toEqual(["pagehide"]);
    connection.close();
    expect([...listeners.values()]).toEqual([]);
  });

  it("closes when the page goes for good, and not when the browser keeps it", async () => {
    const { connection, window } = openTab("ada");
    await connected(connection);
    window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
    expect(connection.status.state).toBe("connected");
    window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
    await expect.poll(() => connection.status.state).toBe("closed");
    connection.retry();
    await connected(connection);
    window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
    await expect.poll(() => connection.status.state).toBe("closed");
  });

  describe("after Ably refused it on the socket", () => {
    /** Receives the frame that ends a connection, as if Ably had sent it. */
    function refuse(client: { connection: object }, code: number): void {
      const error = { code, statusCode: Math.floor(code / 100), message: "Refused for a test." };
      transportOf(client).onProtocolMessage({ action: 9, error });
    }

    // Of the codes that ably-js does not retry by itself, some of each kind that time can heal.
    const healing = [40111, 40114, 40115, 40150, 40151, 42910, 42922, 50000, 50003, 80020, 80021];

    it(`with ${healing.join(", ")}, it connects again by itself`, async () => {
      const tabs = healing.map((code) => ({ code, ...openTab(`ada-${code}`) }));
      await Promise.all(tabs.map(({ connection }) => connected(connection)));
      vi.spyOn(Math, "random").mockReturnValue(0);
      const failures = tabs.map(({ connection }) => {
        const errors: unknown[] = [];
        connection.onStatus(({ state, error }) => state === "failed" && errors.push(error?.code));
        return errors;
      });
      for (const { code, connection } of tabs) refuse(connection.client, code);
      await expect.poll(() => failures.flat()).toEqual(healing);
      await Promise.all(tabs.map(({ connection }) => connected(connection)));
      const errors = tabs.map(({ connection }) => connection.status.error);
      expect(errors).toEqual(healing.map(() => undefined));
    });

    it.each([40101, 40160, 40168, 40300])("with %i, it waits for a person", async (code) => {
      const { connection } = openTab("ada");
      await connected(connection);
      const later = vi.spyOn(Retry.prototype, "later");
      refuse(connection.client, code);
      await expect
        .poll(() => connection.status)
        .toMatchObject({ state: "failed", error: { code } });
      expect(later).not.toHaveBeenCalled();
      connection.retry();
      await connected(connection);
    });
  });

  describe("with a token that an earlier load of the tab has stored", () => {
    const ably = { authUrl: "http://function.example/token" };

    /** The function and Ably, as the SDK reaches them over HTTP. */
    function answerRequests(): string[] {
      const calls: string[] = [];
      const real = fetch;
      vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
        const isFunction = String(url).startsWith("http://function.example");
        calls.push(isFunction ? "function" : "ably");
        return isFunction ? Response.json(await signFor("ada", { "*": ["*"] })) : real(url, init);
      });
      return calls;
    }

    it("connects without the function, and says so", async () => {
      const calls = answerRequests();
      const storages = createStorages();
      const first = openTab("ada", { storages, ably });
      await connected(first.connection);
      expect(calls).toEqual(["function", "ably"]);
      const steps: string[] = [];
      const second = openTab("ada", { storages, ably, observe: ({ type }) => steps.push(type) });
      await connected(second.connection);
      expect(calls).toEqual(["function", "ably"]);
      expect(steps[0]).toBe("token-reused");
    });

    it("replaces one that Ably refuses, once, without a word", async () => {
      const calls = answerRequests();
      const storages = createStorages();
      const now = Date.now();
      const forged = {
        token: "tab.forged",
        keyName: "tab.test",
        clientId: "ada",
        issued: now,
        expires: now + 3_600_000,
        capability: "{}",
      };
      openFake(storages).tab.write(JSON.stringify(forged), "ably-token", "ada");
      const { connection } = openTab("ada", { storages, ably });
      const states: string[] = [];
      connection.onStatus(({ state }) => states.push(state));
      await connected(connection);
      expect(calls).toEqual(["function", "ably"]);
      expect(states).not.toContain("failed");
    });
  });

  it("replaces a stored token that a room refuses, once, and opens the room with the new one", async () => {
    const storages = createStorages();
    let capability: object = { "room:lobby": ["*"] };
    const calls: string[] = [];
    const real = fetch;
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      if (!url.startsWith("http://function.example")) return real(url, init);
      calls.push(url);
      return Response.json(await signFor("ada", capability));
    });
    const options = { storages, ably: { authUrl: "http://function.example/token" } };
    await connected(openTab("ada", options).connection);
    // Somebody invites Ada to the garden, and she loads the page again.
    capability = { "room:garden": ["*"] };
    const { connection } = openTab("ada", options);
    const statuses: RoomStatus[] = [];
    const open = (name: string) =>
      openRoom(
        connection,
        notes,
        name,
        { presence: "watch" },
        {
          status: (status) => statuses.push(status),
        },
      );
    open("garden");
    await expect.poll(() => statuses.at(-1)?.state).toBe("attached");
    expect(calls).toHaveLength(2);
    expect(statuses.filter(({ error }) => error)).toEqual([]);
    open("kitchen");
    await expect.poll(() => statuses.at(-1)?.error?.code).toBe(40160);
    expect(calls).toHaveLength(2);
  });

  it("opens a room by itself that refused a stored token while there was no new one", async () => {
    const storages = createStorages();
    let request = () => signFor("ada", { "room:lobby": ["*"] });
    await connected(openTab("ada", { storages, requestToken: () => request() }).connection);
    // Somebody invites Ada to the garden, and the function is down when she loads the page again.
    request = () => Promise.reject("the function is down");
    const { connection } = openTab("ada", { storages, requestToken: () => request() });
    const statuses: RoomStatus[] = [];
    const status = (next: RoomStatus) => statuses.push(next);
    const room = openRoom(connection, notes, "garden", { presence: "watch" }, { status });
    await expect.poll(() => statuses.at(-1)?.error?.code).toBe(40160);
    request = () => signFor("ada", { "room:garden": ["*"] });
    await room.send("note", { text: "hi" });
    expect(statuses.at(-1)).toMatchObject({ state: "attached", error: undefined });
  });

  it("says so if Ably refuses a stored token and there is no new one, and tries again", async () => {
    const storages = createStorages();
    let isDown = false;
    const request = () => (isDown ? Promise.reject("the function is down") : requestToken("ada"));
    await connected(openTab("ada", { storages, requestToken: request }).connection);
    isDown = true;
    const [key = ""] = Object.keys(storages.sessionStorage).filter((each) =>
      each.includes("token"),
    );
    const stored = storages.sessionStorage.getItem(key) ?? "";
    storages.sessionStorage.setItem(key, stored.replace(/("token":"[^"]*)"/, '$1broken"'));
    const { connection } = openTab("ada", { storages, requestToken: request });
    await expect.poll(() => connection.status.error?.message).toContain("the function is down");
    isDown = false;
    connection.retry();
    await expect.poll(() => connection.status.state).toBe("connected");
  });

  it("says so if Ably does not know the key of a stored token, and there is no new one", async () => {
    const storages = createStorages();
    let isDown = false;
    const sign = () => signFor("ada", { "*": ["*"] });
    const request = () => (isDown ? Promise.reject("the function is down") : sign());
    await connected(openTab("ada", { storages, requestToken: request }).connection);
    isDown = true;
    const { connection } = openTab("ada", { storages, requestToken: request });
    const error = { code: 40400, statusCode: 404, message: "There is no such key." };
    connectionManagerOf(connection.client).notifyState({ state: "failed", error });
    await expect.poll(() => connection.status.state).toBe("disconnected");
    expect(connection.status.error?.message).toContain("the function is down");
    isDown = false;
    connection.retry();
    await connected(connection);
  });

  it("replaces a stored token once for two rooms, and what waits in both is sent", async () => {
    const storages = createStorages();
    let capability: object = { "room:lobby": ["*"] };
    const options = { storages, requestToken: () => signFor("ada", capability) };
    await connected(openTab("ada", options).connection);
    capability = { "room:*": ["*"] };
    const { connection } = openTab("ada", options);
    const rooms = ["garden", "yard"].map((name) => {
      return openRoom(connection, notes, name, { presence: "watch" });
    });
    await Promise.all(rooms.map((room) => room.send("note", { text: "hi" })));
    expect(connection.status.state).toBe("connected");
  });

  it("stays closed if the page closes it during a restart", async () => {
    const { connection } = openTab("ada");
    await connected(connection);
    const restarted = connection.restart();
    connection.close();
    await restarted;
    expect(connection.client.connection.state).toBe("closed");
  });

  it.each(["resolves", "rejects"])(
    "stays closed if the page closes it while a restart waits for the function, which then %s",
    async (how) => {
      const signed = await requestToken("ada");
      let answer: (() => void) | undefined;
      let isSlow = false;
      const { connection } = openTab("ada", {
        requestToken: () => {
          if (!isSlow) return requestToken("ada");
          return new Promise((resolve, reject) => {
            answer = () => (how === "resolves" ? resolve(signed) : reject("no token"));
          });
        },
      });
      await connected(connection);
      isSlow = true;
      const restarted = connection.restart();
      await expect.poll(() => answer).toBeDefined();
      connection.close();
      const states: string[] = [];
      connection.onStatus(({ state }) => states.push(state));
      answer?.();
      await restarted;
      await connection.client.connection.whenState("closed");
      expect(states.at(-1) ?? "closed").toBe("closed");
      // Nothing is on its way that would open it again.
      await fetch(`http://127.0.0.1:${server().port}/time`);
      expect(connection.client.connection.state).toBe("closed");
    },
  );

  it("starts no second attempt while a restart waits for the function", async () => {
    const later = vi.spyOn(Retry.prototype, "later");
    const isWaiting = () => later.mock.contexts.some((retry) => (retry as Retry).isWaiting);
    const waiting: boolean[] = [];
    const { connection } = openTab("ada", {
      requestToken: () => {
        waiting.push(isWaiting());
        return requestToken("ada");
      },
    });
    await connected(connection);
    await connection.restart();
    expect(later).toHaveBeenCalled();
    expect(waiting).toEqual([false, false]);
  });

  it("deletes all that the tab has stored at a sign-out, and stores nothing more", async () => {
    const storages = createStorages();
    const { connection } = openTab("ada", { storages });
    await connected(connection);
    connection.storages.tab.write("half typed", "draft", "ada", "lobby");
    connection.storages.site.write("Ada", "person", "name");
    connection.storages.site.write("dark", "colours");
    connection.signOut();
    expect(connection.storages.site.list("person")).toEqual([]);
    expect(connection.storages.site.read("colours")).toBe("dark");
    connection.storages.tab.write("late", "draft", "ada", "lobby");
    expect(Object.keys(storages.sessionStorage)).toEqual([]);
    await expect.poll(() => connection.status.state).toBe("closed");
  });

  it("loads a page again that comes back from the cache after a sign-out, whatever the clock says", async () => {
    const { connection, storages, window } = openTab("ada");
    await connected(connection);
    const reload = vi.fn();
    vi.stubGlobal("location", { reload });
    const back = () =>
      window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    connection.close();
    back();
    expect(reload).not.toHaveBeenCalled();
    const other = openTab("ada", { storages });
    await connected(other.connection);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() - 3_600_000);
    const next = openTab("ada", { storages });
    next.connection.signOut();
    back();
    expect(reload).toHaveBeenCalledOnce();
    next.window.dispatchEvent(new Event("pageshow"));
    expect(reload).toHaveBeenCalledTimes(2);
    other.window.dispatchEvent(new Event("pageshow"));
    expect(reload).toHaveBeenCalledTimes(3);
    await expect.poll(() => other.connection.status.state).toBe("closed");
    vi.unstubAllGlobals();
  });

  it("fails, and says why, if the function signs for somebody else", async () => {
    const { connection } = openTab("guest-1", { requestToken: () => requestToken("user-42") });
    await expect.poll(() => connection.status.state).toBe("failed");
    const problem = describeError(connection.status);
    expect(problem?.title).toBe("Ably rejected this client ID");
    expect(problem?.detail).toMatch(/user-42.*40102/);
  });

  it("reconnects by itself after a drop", async () => {
    const { connection } = openTab("ada");
    await connected(connection);
    const states: string[] = [];
    connection.onStatus(({ state }) => states.push(state));
    server().faults.dropAll();
    await expect.poll(() => states.at(-1)).toBe("connected");
    expect(states).toContain("disconnected");
  });
});
