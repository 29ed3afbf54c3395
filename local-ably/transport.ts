import type { WebSocket } from "ws";
import { type Format, encode, formatOf } from "./format.ts";
import type { Network } from "./network.ts";
import { Action, type ServerFrame } from "./protocol.ts";
import type { Settings } from "./settings.ts";

export type Host = { readonly settings: Settings; readonly network: Network };

/** The last frame in each format: a channel sends the same one to all its subscribers in turn. */
const encoded: { [format in Format]?: { frame: ServerFrame; data: Uint8Array } } = {};

export type Transport = ReturnType<typeof createTransport>;

/** One WebSocket of a connection, and what its client asks for in the query. */
export function createTransport(socket: WebSocket, query: URLSearchParams, host: Host) {
  const { network, settings } = host;
  const format = formatOf(query.get("format") ?? "json");
  // https://ably.com/docs/connect#heartbeats
  const heartbeatInterval = readMs(query.get("heartbeatInterval"), 5_000, 1_800_000);
  const maxIdleInterval = heartbeatInterval ?? settings.maxIdleInterval;

  /** Ends the socket without a close frame, as a lost network does. */
  const cut = (): void => socket.terminate();
  const send = (frame: ServerFrame): void => {
    if (socket.readyState !== socket.OPEN) return;
    const data = encodeOnce(frame, format);
    network.pass(() => {
      const { bufferedAmount: own } = socket;
      const isBusy = own > 0 && network.bytesUnsent > settings.maxBytesUnsentInTotal;
      if (own > settings.maxBytesUnsent || isBusy) cut();
      if (socket.readyState !== socket.OPEN) return;
      network.bytesUnsent += data.length;
      socket.send(data, { binary: format === "msgpack" }, () => {
        network.bytesUnsent -= data.length;
      });
    });
  };
  const end = (lastFrame: ServerFrame): void => {
    send(lastFrame);
    network.pass(() => socket.close());
  };

  // For browsers, which do not see pings. All clients answer pings.
  const hasHeartbeats = query.get("heartbeats") !== "false";
  pingEvery(maxIdleInterval, socket, () => {
    if (hasHeartbeats) send({ action: Action.HEARTBEAT });
  });
  return {
    format,
    /** Whether the client receives its own messages. */
    echo: query.get("echo") !== "false",
    maxIdleInterval,
    remainPresentFor: readMs(query.get("remainPresentFor"), 0, 60_000) ?? settings.remainPresentFor,
    send,
    end,
    cut,
  };
}

/** Ends the socket when a ping was not answered before the next. */
function pingEvery(ms: number, socket: WebSocket, onPing: () => void): void {
  let isAnswered = true;
  const timer = setInterval(() => {
    if (!isAnswered) return socket.terminate();
    isAnswered = false;
    socket.ping();
    onPing();
  }, ms);
  socket.on("close", () => clearInterval(timer));
  socket.on("pong", () => {
    isAnswered = true;
  });
}

function readMs(text: string | null, min: number, max: number): number | undefined {
  const ms = Number(text || Number.NaN);
  return Number.isNaN(ms) ? undefined : Math.min(max, Math.max(min, ms));
}

function encodeOnce(frame: ServerFrame, format: Format): Uint8Array {
  const last = encoded[format];
  if (last?.frame === frame) return last.data;
  const data = encode(frame, format);
  encoded[format] = { frame, data };
  return data;
}
