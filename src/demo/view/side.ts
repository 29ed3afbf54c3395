/**
 * SHOWN. What can wait, and loads last: the diagram, the log, the invitation, names that change, and
 * who types.
 */
import { createNamesakeCheck, keepName } from "../name.ts";
import type { Session } from "../session.ts";
import { createDiagramFollower } from "../state/diagram.ts";
import type { State } from "../state/state.ts";
import type { Store } from "../store.ts";
import { bindDiagram, nameServers, ownServers, renderDiagram } from "./diagram.ts";
import { bindInvite } from "./invite.ts";
import { watchRoundTrip } from "../round-trip.ts";
import { bindLog, renderLog } from "./log.ts";
import { bindRename } from "./rename.ts";
import { bindTyping } from "./typing.ts";
import { find, listen } from "./dom.ts";
import { showPractice } from "../local-ably/practice.ts"; // delete with local-ably/

/**
 * Returns its cleanup.
 * @param onMissing Called if a part of the page cannot be loaded.
 */
export function showSide(session: Session, store: Store, onMissing: () => void): () => void {
  const { connection } = session;
  const { addView, dispatch, onChange } = store;
  const follow = createDiagramFollower();
  const diagramOf = ({ trace }: State) => follow(trace);
  // Views do not render in a hidden tab, whose trace may be cut meanwhile.
  onChange(diagramOf);
  [renderDiagram(diagramOf), renderLog()].forEach(addView);
  nameServers(ownServers());
  const nameKeeper = keepName(session);
  onChange(createNamesakeCheck(session));
  const cleanups = [
    watchRoundTrip(connection, (ms) => dispatch({ type: "round-trip", ms, now: Date.now() })),
    bindDiagram(() => void connection.restart()),
    bindLog(),
    bindInvite(onMissing),
    bindRename(() => session.me.name, nameKeeper.choose),
    nameKeeper.close,
    bindTyping((isTyping) => session.room.setProfile({ isTyping })),
    bindDraft(session.draft),
  ];
  // The constant is false in a build, so the build omits that folder. // delete with local-ably/
  if (__LOCAL_ABLY__) cleanups.push(showPractice(connection)); // delete with local-ably/
  return () => cleanups.forEach((cleanup) => cleanup());
}

/** Another page of this tab may have sent the draft, while this one was in the browser's cache. */
function bindDraft(draft: Session["draft"]): () => void {
  const box = find<HTMLTextAreaElement>("data-text");
  let stored = draft.read();
  const cleanups = [
    listen(window, "pagehide", () => (stored = draft.read())),
    listen(window, "pageshow", () => {
      const text = draft.read();
      if (text !== stored) box.value = text;
    }),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
}
