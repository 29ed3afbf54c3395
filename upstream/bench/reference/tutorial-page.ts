/** A page in the shape of Ably's tutorials: what ours is measured against. */
import Ably from "ably";

const clientId = `visitor-${Math.random()}`;
const client = new Ably.Realtime({
  authUrl: "/.netlify/functions/ably-token-request",
  authParams: { clientId },
});
const channel = client.channels.get("room:lobby");
void channel.subscribe((message) => {
  document.body.append(`${message.clientId}: ${message.data}`);
});
document.onclick = () => void channel.publish("chat-message", "Hello world!");
