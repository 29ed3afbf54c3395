/** Wires the parts together: events change the state, and views render it. */
import { startSession } from "./demo/session.ts";
import { type State, initialState } from "./demo/state/state.ts";
import { createStore } from "./demo/store.ts";
import { bindComposer } from "./demo/view/composer.ts";
import { bindDiagram, renderDiagram } from "./demo/view/diagram.ts";
import { bindInvite } from "./demo/view/invite.ts";
import { bindLog, renderLog } from "./demo/view/log.ts";
import { bindMessages, renderMessages } from "./demo/view/messages.ts";
import { bindRename, renderPeople } from "./demo/view/people.ts";
import { bindRetry, renderContext, renderStatus } from "./demo/view/status.ts";
import { pageDeployContext, parseRoom } from "./realtime/contract.ts";
import { loadIdentity, saveIdentity } from "./realtime/identity.ts";
import { forgetTokens } from "./realtime/token.ts";

// A hot reload keeps the state.
const kept: State | undefined = import.meta.hot?.data.state;
const roomName = parseRoom(new URLSearchParams(location.search).get("room"));
const store = createStore(kept ?? initialState(loadIdentity(), roomName, Date.now()), [
  renderStatus(),
  renderDiagram(),
  renderPeople(),
  renderMessages(),
  renderLog(),
]);
renderContext(pageDeployContext());
const [navigation] = performance.getEntriesByType("navigation");
store.dispatch({ type: "page-loaded", ms: navigation?.toJSON().responseEnd ?? 0 });

const start = () => startSession(store.state.me, store.state.room, store);
let session = start();

function setName(name: string): void {
  store.dispatch({ type: "renamed", name });
  saveIdentity(store.state.me);
  session.room.setProfile({ name });
}

/** Connects anew, from the function to the channel. */
function replay(): void {
  session.stop();
  forgetTokens();
  session = start();
}

const cleanups = [
  bindComposer(store.state.room, {
    // The list shows what was not sent, and why.
    send: (text) => session.room.send("chat-message", { text }).catch(() => {}),
    sendHello: () =>
      session.room.send("hello-world-message", { message: "Hello world!" }).catch(() => {}),
    typing: (isTyping) => session.room.setProfile({ name: store.state.me.name, isTyping }),
  }),
  bindMessages({
    scroll: (isAtEnd) => store.dispatch({ type: "scrolled", isAtEnd }),
    resend: (id) => session.room.resend(id),
    discard: (id) => session.room.discard(id),
  }),
  bindRename(() => store.state.me.name, setName),
  bindRetry(() => session.retry()),
  bindDiagram(replay),
  bindInvite(),
  bindLog(),
  () => session.stop(),
  store.close,
];

// The constant is false in a build, so no build holds the drawer.
if (__LOCAL_ABLY__) {
  void import("./demo/view/practice.ts").then(({ createPractice }) => {
    const drawer = createPractice(() => session.client.connection.id);
    document.querySelector("aside")?.append(drawer);
    cleanups.push(() => drawer.remove());
  });
}

// Without this, each edit would leave one more connection open.
import.meta.hot?.accept();
import.meta.hot?.dispose((data) => {
  data.state = store.state;
  for (const cleanup of cleanups) cleanup();
});
