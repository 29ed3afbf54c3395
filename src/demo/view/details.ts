/** What is around the room. main.ts loads it after the room, so that the first load stays small. */
import type { State } from "../state/state.ts";
import { bindDiagram, renderDiagram } from "./diagram.ts";
import { bindInvite } from "./invite.ts";
import { bindLog, renderLog } from "./log.ts";
import { bindRetry, renderProblem } from "./problem.ts";
import { bindRename } from "./rename.ts";

export function renderDetails(): (state: State) => void {
  const views = [renderProblem(), renderDiagram(), renderLog()];
  return (state) => views.forEach((view) => view(state));
}

export function bindDetails(on: {
  retry(): void;
  replay(): void;
  readName(): string;
  rename(name: string): void;
}): () => void {
  const cleanups = [
    bindRetry(on.retry),
    bindDiagram(on.replay),
    bindRename(on.readName, on.rename),
    bindLog(),
    bindInvite(),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
}
