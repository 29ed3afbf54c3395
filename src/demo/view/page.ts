/** The page without its header and its text box. It loads while the connection opens. */
import type { State } from "../state/state.ts";
import { bindDiagram, renderDiagram } from "./diagram.ts";
import { bindInvite } from "./invite.ts";
import { bindLog, renderLog } from "./log.ts";
import { bindMessages, renderMessages } from "./messages.ts";
import { renderPeople } from "./people.ts";
import { bindRetry, renderProblem } from "./problem.ts";
import { bindRename } from "./rename.ts";

export function renderPage(): ((state: State) => void)[] {
  return [renderPeople(), renderMessages(), renderProblem(), renderDiagram(), renderLog()];
}

type Actions = Parameters<typeof bindMessages>[0] & {
  readName(): string;
  rename(name: string): void;
  retry(): void;
  replay(): void;
};

export function bindPage(on: Actions): () => void {
  const cleanups = [
    bindMessages(on),
    bindRename(on.readName, on.rename),
    bindRetry(on.retry),
    bindDiagram(on.replay),
    bindLog(),
    bindInvite(),
  ];
  return () => cleanups.forEach((cleanup) => cleanup());
}
