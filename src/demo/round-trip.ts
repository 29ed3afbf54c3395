/** SHOWN. How long a ping takes to Ably and back. */
import type { Connection } from "../realtime/index.ts";

const INTERVAL_MS = 20_000;

/** Measures a round trip to Ably, now and then while connected, in ms. Returns its cleanup. */
export function watchRoundTrip({ client }: Connection, listener: (ms: number) => void): () => void {
  const { connection } = client;
  const measure = () => {
    if (connection.state !== "connected" || document.hidden) return;
    // A ping fails when the connection drops. The connection's state reports that already.
    connection.ping().then(listener, () => {});
  };
  measure();
  connection.on("connected", measure);
  const timer = setInterval(measure, INTERVAL_MS);
  return () => {
    connection.off("connected", measure);
    clearInterval(timer);
  };
}
