import { type File, firstLoad, secondLoad, weigh } from "../support/bundle.ts";
import type { Figure } from "./figure.ts";
import { buildEmpty, buildOurs, buildTutorial } from "./pages.ts";

/** What a first visit downloads, beside the tutorial's page, and beside none. */
export async function measureWeight(): Promise<Figure[]> {
  const [ours, tutorial, empty] = [await buildOurs(), await buildTutorial(), await buildEmpty()];
  const kilobytes = (page: File[], kind: string) => weigh(firstLoad(page), kind) / 1_000;
  const figure = (what: string, kind: string, reference: File[], beside: string): Figure => ({
    what: `First load: ${what}, brotli`,
    unit: "kB",
    ours: [kilobytes(ours, kind)],
    reference: [kilobytes(reference, kind)],
    beside,
  });
  return [
    figure("script", "js", tutorial, "the tutorial's"),
    {
      what: "Script that loads after it, while the page connects, brotli",
      unit: "kB",
      ours: [weigh(secondLoad(ours), "js") / 1_000],
    },
    figure("page", "html", empty, "an empty one"),
    { what: "First load: stylesheet, brotli", unit: "kB", ours: [kilobytes(ours, "css")] },
  ];
}
