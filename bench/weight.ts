import type { Figure } from "./figure.ts";
import { type Page, buildEmpty, buildOurs, buildTutorial } from "./pages.ts";

/** What a first visit downloads, beside the tutorial's page, and beside none. `npm run check` holds ours. */
export async function measureWeight(): Promise<Figure[]> {
  const [ours, tutorial, empty] = [await buildOurs(), await buildTutorial(), await buildEmpty()];
  const figure = (what: string, ending: string, reference: Page, beside: string): Figure => ({
    what: `First load: ${what}, brotli`,
    unit: "kB",
    ours: [weigh(ours, ending)],
    reference: [weigh(reference, ending)],
    beside,
  });
  return [
    figure("script", ".js", tutorial, "the tutorial's"),
    figure("page", ".html", empty, "an empty one"),
    { what: "First load: stylesheet, brotli", unit: "kB", ours: [weigh(ours, ".css")] },
  ];
}

/** What index.html is and names, of one kind. */
function weigh(page: Page, ending: string): number {
  const html = page.get("/index.html")?.text ?? "";
  const bytes = [...page]
    .filter(([path]) => path.endsWith(ending) && `/index.html ${html}`.includes(path))
    .reduce((sum, [, { body }]) => sum + body.length, 0);
  return bytes / 1_000;
}
