/** SHOWN. The page without its header and its text box. It loads while the connection opens. */
import type { Session } from "../session.ts";
import { type State, initialState } from "../state/state.ts";
import { createStore } from "../store.ts";
import { bindInvite } from "./invite.ts";
import { bindMessages, renderMessages } from "./messages.ts";
import { renderPeople } from "./people.ts";
import { bindRetry, renderProblem } from "./problem.ts";
import { bindRename } from "./rename.ts";

export type Page = { readonly state: State; close(): void };

/** @param kept The state of the page before a hot reload. */
export function showPage(session: Session, isRoomInvalid: boolean, kept?: State): Page {
  const store = createStore(kept ?? initialState(session.me, isRoomInvalid, Date.now()));
  session.onEveryEvent(store.dispatch);
  [renderPeople(), renderMessages(), renderProblem()].forEach(store.addView);
  const cleanups = [
    store.close,
    bindMessages({
      scroll: (isAtEnd) => store.dispatch({ type: "scrolled", isAtEnd, now: Date.now() }),
      retry: session.room.retry,
      discard: session.room.discard,
    }),
    bindRename(() => session.me.name, session.rename),
    bindRetry(session.retry),
    bindInvite(),
  ];
  void import("./side.ts").then(({ showSide }) => cleanups.push(showSide(session, store)));
  return {
    get state() {
      return store.state;
    },
    close: () => cleanups.forEach((cleanup) => cleanup()),
  };
}
