/** Browser tabs in this process: the real `connect`, the real function, and local Ably. */
import Ably from "ably";
import type { Context } from "@netlify/functions";
import { afterAll, afterEach, beforeAll, vi } from "vitest";
import { type ConnectOptions, Connection, connect } from "../../src/realtime/connection.ts";
import { type LocalAbly, startLocalAbly } from "./local-ably.ts";
import { type FakeStorages, createStorages, openFake } from "./storage.ts";
import { ablyTokenRequest } from "./token-function.ts";

const [name, secret] = ["tab.test", "a-key-of-local-ably-only"] as const;

/** Calls the function as a page does. */
export async function requestToken(clientId: string): Promise<Ably.TokenRequest> {
  const url = `https://site.example/?clientId=${encodeURIComponent(clientId)}`;
  const deploy = { context: "production" };
  const response = await ablyTokenRequest(new Request(url), { deploy } as Context);
  const body = (await response.json()) as Ably.TokenRequest & { error?: Ably.ErrorInfo };
  if (body.error) throw body.error;
  return body;
}

/** Signs a token request that allows something else than the function does. */
export function signFor(clientId: string, capability: object): Promise<Ably.TokenRequest> {
  const params = { clientId, capability: JSON.stringify(capability) };
  return new Ably.Rest({ key: `${name}:${secret}` }).auth.createTokenRequest(params);
}

type ConnectionManager = {
  notifyState(change: object): void;
  activeProtocol: { transport: { onProtocolMessage(frame: object): void } };
};

/** The SDK's own part that knows the transport, for what only Ably or a network can do. */
export function connectionManagerOf({ connection }: { connection: object }): ConnectionManager {
  return Reflect.get(connection, "connectionManager");
}

/** Where the client receives Ably's frames. */
export function transportOf(client: { connection: object }) {
  return connectionManagerOf(client).activeProtocol.transport;
}

export type Tab = { connection: Connection; storages: FakeStorages; window: EventTarget };

export type TabOptions = {
  storages?: FakeStorages;
  ably?: Ably.ClientOptions;
  observe?: ConnectOptions["observe"];
  /** In place of the function. */
  requestToken?: () => Promise<Ably.TokenRequest>;
};

/** Starts local Ably for a file of tests. Each test's tabs are closed at its end. */
export function useLocalAbly() {
  let ably: LocalAbly;
  const connections: Connection[] = [];

  beforeAll(async () => {
    vi.stubEnv("ABLY_API_KEY", `${name}:${secret}`);
    ably = await startLocalAbly({ keys: [{ name, secret, capability: { "*": ["*"] } }] });
  });
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.close();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await ably?.close();
  });

  /** @param options `ably: { autoConnect: false }` is a tab that has not reached Ably. */
  function openTab(clientId: string, options: TabOptions = {}): Tab {
    const { storages = createStorages(), observe } = options;
    const { requestToken: request = () => requestToken(clientId) } = options;
    const authCallback: Ably.ClientOptions["authCallback"] = (_params, respond) => {
      request().then(
        (tokenRequest) => respond(null, tokenRequest),
        (error) => respond(error, null),
      );
    };
    const window = new EventTarget();
    const connection = connect(clientId, {
      storages: openFake(storages),
      window,
      observe,
      ably: {
        ...(options.ably?.authUrl === undefined && { authCallback }),
        endpoint: "127.0.0.1",
        port: ably.port,
        tls: false,
        logLevel: 0,
        ...options.ably,
      },
    });
    connections.push(connection);
    return { connection, storages, window };
  }

  /** Returns a client with the key, as a server has one. */
  function rest(): Ably.Rest {
    const address = { endpoint: "127.0.0.1", port: ably.port, tls: false, useTokenAuth: true };
    return new Ably.Rest({ key: `${name}:${secret}`, ...address });
  }

  /** Publishes more than one connection may. */
  async function publishAll(channel: string, messages: Ably.Message[]): Promise<void> {
    await rest().channels.get(channel).publish(messages);
  }

  return { openTab, publishAll, rest, server: () => ably };
}
