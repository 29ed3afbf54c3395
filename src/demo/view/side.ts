/** SHOWN. What stands beside the room: the diagram and the connection log. It loads last. */
import type { Session } from "../session.ts";
import type { Store } from "../store.ts";
import { bindDiagram, renderDiagram } from "./diagram.ts";
import { bindLog, renderLog } from "./log.ts";
import { showPractice } from "./practice.ts"; // delete with local-ably/

/** Returns its cleanup. */
export function showSide({ connection }: Session, { addView }: Store): () => void {
  [renderDiagram(), renderLog()].forEach(addView);
  const cleanups = [bindDiagram(() => void connection.restart()), bindLog()];
  // The constant is false in a build, so the build omits that file. // delete with local-ably/
  if (__LOCAL_ABLY__) cleanups.push(showPractice(connection)); // delete with local-ably/
  return () => cleanups.forEach((cleanup) => cleanup());
}
