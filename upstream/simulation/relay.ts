/** The network of one tab: a TCP relay that cuts, refuses, delays, or swallows what Ably answers. */
import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

export type Relay = {
  port: number;
  /** How many chunks have passed, in any direction. */
  traffic(): number;
  /** Refuses new connections, and cuts the open ones. */
  down(): void;
  up(): void;
  isDown(): boolean;
  /** Breaks off every connection. New ones are possible. */
  cut(): void;
  /** From now on nothing comes back from Ably, on the connections that are open. */
  swallowAnswers(): void;
  close(): Promise<void>;
};

export async function startRelay(ablyPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const swallowing = new WeakSet<Socket>();
  let isDown = false;
  let traffic = 0;
  const server = createServer((outer) => {
    if (isDown) return void outer.resetAndDestroy();
    const inner = connect({ port: ablyPort, host: "127.0.0.1", noDelay: true });
    for (const socket of [outer, inner]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        outer.destroy();
        inner.destroy();
      });
    }
    outer.on("data", (chunk) => {
      traffic++;
      inner.write(chunk);
    });
    inner.on("data", (chunk) => {
      traffic++;
      if (!swallowing.has(outer)) outer.write(chunk);
    });
    outerOf.set(inner, outer);
  });
  const outerOf = new Map<Socket, Socket>();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    traffic++;
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    traffic: () => traffic,
    cut,
    down() {
      isDown = true;
      cut();
    },
    up() {
      isDown = false;
    },
    isDown: () => isDown,
    swallowAnswers() {
      for (const outer of outerOf.values()) swallowing.add(outer);
    },
    async close() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
