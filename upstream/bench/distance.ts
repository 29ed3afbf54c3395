import { type Socket, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { breakTogether } from "../support/network.ts";
import { type Listening, listen } from "../support/listening.ts";

/**
 * A way to a port that is as long as asked. Each byte takes half a round trip, and the first ones of
 * a connection wait for the round trip that opens it, which this machine's own TCP does at once.
 */
export async function startDistance(target: number, roundTripMs: number): Promise<Listening> {
  const server = createServer({ noDelay: true }, (outer) => {
    const inner = connect({ port: target, host: "127.0.0.1", noDelay: true });
    breakTogether(outer, inner);
    carry(outer, inner, roundTripMs / 2, sleep(roundTripMs));
    carry(inner, outer, roundTripMs / 2, Promise.resolve());
  });
  return listen(server);
}

/** Each chunk leaves when its time has come, and in order. */
function carry(from: Socket, to: Socket, ms: number, open: Promise<unknown>): void {
  let before = open;
  from.on("data", (chunk: Buffer) => {
    const due = open.then(() => sleep(ms));
    before = Promise.all([before, due]).then(() => to.write(chunk));
  });
}
