/** SHOWN. Reports that this person types. */
import { isVisible } from "../../realtime/index.ts";
import { find, listen } from "./dom.ts";

/** Typing is published again after this time, and ends this long after the last key. */
const INTERVAL_MS = 3_000;

/** Follows the text box. Returns its cleanup. */
export function bindTyping(report: (isTyping: boolean) => void): () => void {
  const box = find<HTMLTextAreaElement>("data-text");
  let timer = 0;
  let reportedAt = 0;
  const stop = () => {
    clearTimeout(timer);
    if (reportedAt > 0) report(false);
    reportedAt = 0;
  };
  const stopListening = listen(box, "input", () => {
    if (!isVisible(box.value)) return stop();
    clearTimeout(timer);
    timer = window.setTimeout(stop, INTERVAL_MS);
    if (reportedAt > 0 && performance.now() - reportedAt < INTERVAL_MS) return;
    reportedAt = performance.now();
    report(true);
  });
  return () => {
    stop();
    stopListening();
  };
}
