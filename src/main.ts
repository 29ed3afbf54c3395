/** Connects the parts: events change the state, and views render it. */
import { startSession } from "./demo/session.ts";
import { type State, initialState } from "./demo/state/state.ts";
import { createStore } from "./demo/store.ts";
import { bindComposer } from "./demo/view/composer.ts";
import { renderStatus, showLoadError } from "./demo/view/status.ts";
import { pageDeployContext, parseRoom } from "./realtime/contract.ts";
import { loadIdentity } from "./realtime/identity.ts";

// A hot reload keeps the state.
const kept: State | undefined = import.meta.hot?.data.state;
const roomName = parseRoom(new URLSearchParams(location.search).get("room"));
const store = createStore(kept ?? initialState(loadIdentity(), roomName, Date.now()));
let session = startSession(store);
store.addView(renderStatus(pageDeployContext()));

const cleanups = [
  () => session.stop(),
  store.close,
  bindComposer(store.state.room, {
    send: (text) => session.send("chat-message", { text }),
    sendHello: () => session.send("hello-world-message", { message: "Hello world!" }),
    typing: (isTyping) => session.room.setProfile({ isTyping }),
  }),
];

// The rest of the page loads while the connection opens.
void import("./demo/view/page.ts").then(({ bindPage, renderPage }) => {
  renderPage().forEach(store.addView);
  const cleanup = bindPage({
    scroll: (isAtEnd) => store.dispatch({ type: "scrolled", isAtEnd }),
    resend: (id) => session.room.resend(id),
    discard: (id) => session.room.discard(id),
    readName: () => store.state.me.name,
    rename: (name) => session.rename(name),
    retry: () => session.retry(),
    replay() {
      session = session.restart();
    },
  });
  cleanups.push(cleanup);
}, showLoadError);

// The constant is false in a build, so the build omits this code.
if (__LOCAL_ABLY__) {
  void import("./demo/view/practice.ts").then(({ createPractice }) => {
    const drawer = createPractice(() => session.client.connection.id);
    document.querySelector("aside")?.append(drawer);
    cleanups.push(() => drawer.remove());
  });
}

// A hot reload must close the old connection.
import.meta.hot?.accept();
import.meta.hot?.dispose((data) => {
  data.state = store.state;
  for (const cleanup of cleanups) cleanup();
});
