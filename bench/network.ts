import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type Listening = { port: number; close(): Promise<void> };

/**
 * A way to a port that is as long as asked. Each byte takes half a round trip, and the first ones of
 * a connection wait for the round trip that opens it, which this machine's own TCP does at once.
 */
export async function startNetwork(target: number, roundTripMs: number): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (outer) => {
    const inner = connect({ port: target, host: "127.0.0.1", noDelay: true });
    for (const socket of [outer, inner]) {
      sockets.add(socket);
      // Either end may break off.
      socket
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(socket);
          outer.destroy();
          inner.destroy();
        });
    }
    carry(outer, inner, roundTripMs / 2, sleep(roundTripMs));
    carry(inner, outer, roundTripMs / 2, Promise.resolve());
  });
  return listen(server, () => sockets.forEach((socket) => socket.destroy()));
}

/** Each chunk leaves when its time has come, and in order. */
function carry(from: Socket, to: Socket, ms: number, open: Promise<unknown>): void {
  let before = open;
  from.on("data", (chunk: Buffer) => {
    const due = open.then(() => sleep(ms));
    before = Promise.all([before, due]).then(() => to.write(chunk));
  });
}

export async function listen(
  server: ReturnType<typeof createServer>,
  beforeClose: () => void = () => {},
): Promise<Listening> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      beforeClose();
      server.close();
      await once(server, "close");
    },
  };
}
