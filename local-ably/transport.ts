import type { WebSocket } from "ws";
import { encode, formatOf } from "./format.ts";
import { Action, type ServerFrame } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** https://ably.com/docs/connect#heartbeats */
const HEARTBEAT_INTERVAL_MS = [5_000, 1_800_000] as const;
const REMAIN_PRESENT_FOR_MS = [0, 60_000] as const;

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
  const readMs = (name: string, [min, max]: readonly [number, number], byDefault: number) => {
    const ms = Number(query.get(name) || Number.NaN);
    return Number.isNaN(ms) ? byDefault : Math.min(max, Math.max(min, ms));
  };
  const { maxIdleInterval: idle, remainPresentFor: remain, maxBytesUnsent } = settings;
  const maxIdleInterval = readMs("heartbeatInterval", HEARTBEAT_INTERVAL_MS, idle);
  const remainPresentFor = readMs("remainPresentFor", REMAIN_PRESENT_FOR_MS, remain);
  const format = formatOf(query.get("format") ?? "json");
  /** False: its own messages do not come back to it. */
  const echo = query.get("echo") !== "false";

  const send = (frame: ServerFrame): void => {
    const data = encode(frame, format);
    outlet.pass(() => {
      if (socket.bufferedAmount > maxBytesUnsent) cut();
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
