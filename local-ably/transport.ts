import type { WebSocket } from "ws";
import { encode, formatOf } from "./format.ts";
import { Action, type ServerFrame } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** Within which a client may ask for its own, in ms. https://ably.com/docs/connect#heartbeats */
const BOUNDS = { heartbeatInterval: [5_000, 1_800_000], remainPresentFor: [0, 60_000] } as const;

/** What all frames go through on their way out: it may hold them back, but keeps their order. */
type Outlet = { pass(send: () => void): void };

export type Transport = ReturnType<typeof openTransport>;

/**
 * One WebSocket of a connection, which may have another after it.
 * @param query how the client asked to be spoken to, in the socket's address.
 */
export function openTransport(
  socket: WebSocket,
  query: URLSearchParams,
  settings: Settings,
  outlet: Outlet,
) {
  const readMs = (name: keyof typeof BOUNDS, byDefault: number): number => {
    const [min, max] = BOUNDS[name];
    const ms = Number(query.get(name) || Number.NaN);
    return Number.isNaN(ms) ? byDefault : Math.min(max, Math.max(min, ms));
  };
  const maxIdleInterval = readMs("heartbeatInterval", settings.maxIdleInterval);
  const remainPresentFor = readMs("remainPresentFor", settings.remainPresentFor);
  const format = formatOf(query.get("format") ?? "json");
  /** False: its own messages do not come back to it. */
  const echo = query.get("echo") !== "false";

  const send = (frame: ServerFrame): void => {
    const data = encode(frame, format);
    outlet.pass(() => {
      if (socket.bufferedAmount > settings.maxBytesUnsent) cut();
      if (socket.readyState === socket.OPEN) socket.send(data);
    });
  };
  /** Says a last word and closes. */
  const end = (lastFrame: ServerFrame): void => {
    send(lastFrame);
    outlet.pass(() => socket.close());
  };
  /** Breaks the line without a word, as a lost network does. */
  const cut = (): void => socket.terminate();

  // HEARTBEAT frames keep the line of browsers alive, and WebSocket pings that of Node. All answer
  // pings by themselves, however much else is sent to them: who has not since the last is gone.
  let isAnswered = true;
  const timer = setInterval(() => {
    if (!isAnswered) return cut();
    isAnswered = false;
    socket.ping();
    if (query.get("heartbeats") !== "false") send({ action: Action.HEARTBEAT });
  }, maxIdleInterval);
  socket.on("pong", () => (isAnswered = true)).on("close", () => clearInterval(timer));

  return { format, echo, maxIdleInterval, remainPresentFor, send, end, cut };
}
