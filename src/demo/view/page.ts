/** SHOWN. The page without its text box. It loads while the connection opens. */
import { pageDeployContext } from "../../realtime/index.ts";
import type { Session } from "../session.ts";
import { findProblem } from "../state/problems.ts";
import { type State, initialState } from "../state/state.ts";
import { collecting, createStore } from "../store.ts";
import { listen } from "./dom.ts";
import { bindMessages, renderMessages } from "./messages.ts";
import { bindPeople, renderPeople } from "./people.ts";
import { bindRetry, renderProblem } from "./problem.ts";
import { renderStatus } from "./status.ts";
import { renderTitle } from "./title.ts";

export type Page = { readonly state: State; close(): void };

/** @param kept The state of the page before a hot reload. */
export function showPage(session: Session, isRoomInvalid: boolean, kept?: State): Page {
  const store = createStore(kept ?? initialState(session.me, isRoomInvalid, Date.now()));
  session.onEvent(collecting(store.dispatch));
  const views = [
    renderStatus(session.roomName, pageDeployContext()),
    renderPeople(),
    renderMessages(),
    renderProblem(),
  ];
  views.forEach(store.addView);
  store.onChange(renderTitle(session.roomName));
  const onMissing = () => store.dispatch({ type: "part-missing", now: Date.now() });
  const onVisibility = () =>
    store.dispatch({ type: "hidden", isHidden: document.hidden, now: Date.now() });
  onVisibility();
  const cleanups = [
    store.close,
    listen(document, "visibilitychange", onVisibility),
    // Vite reports what it cannot load: a deploy has replaced the files of this page.
    listen(window, "vite:preloadError", onMissing),
    bindPeople(),
    bindMessages({
      scroll: (isAtEnd) => store.dispatch({ type: "scrolled", isAtEnd, now: Date.now() }),
      retry: session.room.retry,
      discard: session.room.discard,
    }),
    bindRetry(() => {
      const { connection, room } = session;
      if (findProblem(store.state)?.action === "reload") location.reload();
      else if (connection.status.state === "connected") room.reopen();
      else connection.retry();
    }),
  ];
  void import("./side.ts").then(
    ({ showSide }) => cleanups.push(showSide(session, store, onMissing)),
    onMissing,
  );
  return {
    get state() {
      return store.state;
    },
    close: () => cleanups.forEach((cleanup) => cleanup()),
  };
}
