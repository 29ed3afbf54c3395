/** Wires the parts together: the room's events go into the state, and the state onto the page. */
import { bindComposer } from "./demo/composer.ts";
import { createMessages } from "./demo/messages.ts";
import { createPeople } from "./demo/people.ts";
import { type DemoEvent, type State, initialState, reduce } from "./demo/state.ts";
import { createStatus } from "./demo/status.ts";
import { createStore } from "./demo/store.ts";
import { connect, watchConnection } from "./realtime/connect.ts";
import type { MessageName, Payloads } from "./realtime/contract.ts";
import { loadIdentity } from "./realtime/identity.ts";
import { openRoom } from "./realtime/room.ts";

const ROOM = "lobby";

const me = loadIdentity();
const client = connect(me.clientId);

const regions = [createStatus(() => client.connect()), createPeople(), createMessages()];
const dispatch = createStore<State, DemoEvent>(initialState(me, ROOM), reduce, (state) => {
  for (const draw of regions) draw(state);
});

const stopWatching = watchConnection(client, (status) => dispatch({ type: "connection", status }));
const room = openRoom(client, ROOM, me, {
  message: (message) => dispatch({ type: "message", message }),
  members: (members) => dispatch({ type: "members", members }),
  status: (status) => dispatch({ type: "channel", status }),
});

const unbindComposer = bindComposer(
  (text) => send("chat-message", { text }, text),
  () => send("hello-world-message", { message: "Hello world!" }, "Hello world!"),
);

/** Shows the message at once, and what became of it when Ably has answered. */
function send<Name extends MessageName>(name: Name, data: Payloads[Name], text: string): void {
  const id = crypto.randomUUID();
  dispatch({ type: "sending", id, text, timestamp: Date.now() });
  room.send(id, name, data).then(
    () => dispatch({ type: "delivered", id }),
    () => dispatch({ type: "failed", id }),
  );
}

// Hot reload: without this, each edit would leave one more connection open.
import.meta.hot?.accept();
import.meta.hot?.dispose(() => {
  stopWatching();
  unbindComposer();
  room.close();
  client.close();
});
