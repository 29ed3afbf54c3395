/** YOURS. Connects the parts of the page. */
import { DEFAULT_ROOM } from "./app.ts";
import { startSession } from "./demo/session.ts";
import { bindComposer } from "./demo/view/composer.ts";
import { find, listen } from "./demo/view/dom.ts";
import type { Page } from "./demo/view/page.ts";
import { loadIdentity, parseRoomName } from "./realtime/index.ts";

const asked = new URLSearchParams(location.search).get("room");
const roomName = asked ? parseRoomName(asked) : DEFAULT_ROOM;
const session = startSession(loadIdentity(), roomName ?? DEFAULT_ROOM);

const cleanups = [
  session.stop,
  bindComposer(session.draft, (text) => session.send("chat-message", { text })),
  listen(find("data-hello"), "click", () =>
    session.send("hello-world-message", { message: "Hello world!" }),
  ),
];

// The rest of the page loads while the connection opens. A hot reload keeps its state.
let page: Page | undefined;
void import("./demo/view/page.ts").then(
  ({ showPage }) => {
    page = showPage(session, roomName === undefined, import.meta.hot?.data.state);
    cleanups.push(page.close);
  },
  () => {
    // The rest of the page never comes, so its events need not be kept. index.html has the words.
    session.onEvent(() => {});
    find("data-problem").hidden = false;
    find("data-retry").onclick = () => location.reload();
  },
);

// A hot reload must close the old connection.
import.meta.hot?.accept();
import.meta.hot?.dispose((data) => {
  data.state = page?.state;
  for (const cleanup of cleanups) cleanup();
});
