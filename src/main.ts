/** Wires the parts together: what happens goes into the state, and the state onto the page. */
import { bindComposer } from "./demo/composer.ts";
import { bindInvite } from "./demo/invite.ts";
import { bindLog, drawLog } from "./demo/log.ts";
import { bindMessages, drawMessages } from "./demo/messages.ts";
import { drawPath } from "./demo/path-view.ts";
import { bindRename, drawPeople } from "./demo/people.ts";
import { initialState } from "./demo/state.ts";
import { bindRetry, drawStatus } from "./demo/status.ts";
import { createStore } from "./demo/store.ts";
import { readText } from "./demo/timeline.ts";
import { connect, watchConnection, watchRoundTrip } from "./realtime/connect.ts";
import { type MessageName, type Payloads, parseRoom } from "./realtime/contract.ts";
import { loadIdentity, saveIdentity } from "./realtime/identity.ts";
import { newMessageId, openRoom } from "./realtime/room.ts";

const ROUND_TRIP_EVERY_MS = 20_000;

const me = loadIdentity();
const asked = parseRoom(new URLSearchParams(location.search).get("room"));
const store = createStore(initialState(me, asked, Date.now()), [
  drawStatus(),
  drawPath(),
  drawPeople(),
  drawMessages(),
  drawLog(),
]);
const { dispatch } = store;

const client = connect(me.clientId, (step) => dispatch({ type: "token", step }));
const unwatch = watchConnection(client, (status) => dispatch({ type: "connection", status }));
const room = openRoom(client, store.state.room, me, {
  message: (message) => dispatch({ type: "message", message }),
  members: (members) => dispatch({ type: "members", members }),
  status: (status) => dispatch({ type: "channel", status }),
});

/** Shows the message at once, and what became of it when Ably has answered. */
function send<Name extends MessageName>(name: Name, data: Payloads[Name]): void {
  const id = newMessageId();
  const attempt = () => {
    dispatch({ type: "sending", id, text: readText(data) });
    room.send(name, data, id).then(
      () => {
        attempts.delete(id);
        dispatch({ type: "delivered", id });
      },
      (fault) => dispatch({ type: "failed", id, fault }),
    );
  };
  attempts.set(id, attempt);
  attempt();
}
const attempts = new Map<string, () => void>();

function rename(name: string): void {
  dispatch({ type: "renamed", name });
  saveIdentity(store.state.me);
  room.setProfile({ name });
}

const undos = [
  watchRoundTrip(client, ROUND_TRIP_EVERY_MS, (ms) => dispatch({ type: "round-trip", ms })),
  bindComposer({
    say: (text) => send("chat-message", { text }),
    sayHello: () => send("hello-world-message", { message: "Hello world!" }),
    typing: (isTyping) => room.setProfile({ name: store.state.me.name, isTyping }),
  }),
  bindMessages(
    (isAtEnd) => dispatch({ type: "scrolled", isAtEnd }),
    (id) => attempts.get(id)?.(),
  ),
  bindRename(rename),
  bindRetry(() => client.connect()),
  bindInvite(),
  bindLog(),
  () => room.close(),
  () => client.close(),
  unwatch,
  store.close,
];

// Not in a production build: the constant is false there, and the branch is dropped.
if (__LOCAL_ABLY__) {
  void import("./demo/practice.ts").then(({ createPractice }) => {
    const drawer = createPractice(() => client.connection.id);
    document.querySelector("main")?.append(drawer);
    undos.push(() => drawer.remove());
  });
}

// Hot reload: without this, each edit would leave one more connection open.
import.meta.hot?.accept();
import.meta.hot?.dispose(() => undos.forEach((undo) => undo()));
