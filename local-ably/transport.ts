import type { WebSocket } from "ws";
import { type Format, encode, formatOf } from "./format.ts";
import { Action, type ServerFrame } from "./protocol.ts";
import type { Settings } from "./settings.ts";

/** What a client may ask for, ms. https://ably.com/docs/connect#heartbeats */
const BOUNDS = { heartbeatInterval: [5_000, 1_800_000], remainPresentFor: [0, 60_000] } as const;

/** All frames to clients pass through it, in order. It counts the bytes that wait. */
export type Outlet = { unsent: number; pass(send: () => void): void };

export type Transport = ReturnType<typeof openTransport>;

/** One WebSocket of a connection. `query` is the query string of its address. */
export function openTransport(
  socket: WebSocket,
  query: URLSearchParams,
  { maxBytesUnsent, maxBytesUnsentInTotal, ...settings }: Settings,
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
  /** Whether the client receives its own messages. */
  const echo = query.get("echo") !== "false";
  const cut = (): void => socket.terminate();

  const send = (frame: ServerFrame): void => {
    const data = encodeOnce(frame, format);
    outlet.pass(() => {
      const { bufferedAmount } = socket;
      const isBusy = bufferedAmount > 0 && outlet.unsent > maxBytesUnsentInTotal;
      if (bufferedAmount > maxBytesUnsent || isBusy) cut();
      if (socket.readyState !== socket.OPEN) return;
      outlet.unsent += data.length;
      socket.send(data, { binary: format === "msgpack" }, () => {
        outlet.unsent -= data.length;
      });
    });
  };
  const end = (lastFrame: ServerFrame): void => {
    send(lastFrame);
    outlet.pass(() => socket.close());
  };

  // HEARTBEAT frames keep browsers connected, and pings keep Node connected. All clients answer
  // pings: one that has not answered the last is gone.
  let isAnswered = true;
  const timer = setInterval(() => {
    if (!isAnswered) return cut();
    isAnswered = false;
    socket.ping();
    if (query.get("heartbeats") !== "false") send({ action: Action.HEARTBEAT });
  }, maxIdleInterval);
  socket.on("close", () => clearInterval(timer));
  socket.on("pong", () => {
    isAnswered = true;
  });

  return { format, echo, maxIdleInterval, remainPresentFor, send, end, cut };
}

/** The last frame in each format: a channel sends the same one to all its subscribers in turn. */
const encoded: { [format in Format]?: { frame: ServerFrame; data: Uint8Array } } = {};

function encodeOnce(frame: ServerFrame, format: Format): Uint8Array {
  const last = encoded[format];
  if (last?.frame === frame) return last.data;
  const data = encode(frame, format);
  encoded[format] = { frame, data };
  return data;
}
