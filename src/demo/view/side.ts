/** SHOWN. What stands beside the room: the diagram and the connection log. It loads last. */
import type { Session } from "../session.ts";
import type { Store } from "../store.ts";
import { bindDiagram, renderDiagram } from "./diagram.ts";
import { bindLog, renderLog } from "./log.ts";

/** Returns its cleanup. */
export function showSide({ connection }: Session, { addView }: Store): () => void {
  [renderDiagram(), renderLog()].forEach(addView);
  const cleanups = [bindDiagram(() => void connection.restart()), bindLog()];
  return () => cleanups.forEach((cleanup) => cleanup());
}
