/**
 * The baseline for local Ably: a WebSocket server with channels that does nothing else. A client that
 * opens `/?channel=NAME` receives every frame that is sent there, unchanged.
 */
import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

const channels = new Map<string, Set<WebSocket>>();
const server = createServer((_request, response) => response.end("[0]"));

new WebSocketServer({ server }).on("connection", (socket, { url }) => {
  const name = new URL(url ?? "/", "http://relay").searchParams.get("channel") ?? "";
  const channel = channels.get(name) ?? new Set();
  channels.set(name, channel.add(socket));
  socket.on("close", () => channel.delete(socket));
  socket.on("message", (data) => {
    for (const member of channel) member.send(data, { binary: false });
  });
});

server.listen(Number(process.env.LOCAL_ABLY_PORT), "127.0.0.1");
