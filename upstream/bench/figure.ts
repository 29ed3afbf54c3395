/** One line of the table: the same thing measured many times, beside its like in the same run. */
export type Figure = {
  what: string;
  unit: string;
  ours: number[];
  reference?: number[];
  /** What the reference is. */
  beside?: string;
};

export function median(samples: number[]): number {
  return quantile(samples, 0.5);
}

/** By rank, without a guess between two samples. */
export function quantile(samples: number[], share: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error("There are no samples.");
  return value;
}

/** A Markdown table. The spread is from the lower to the upper quartile of what stands left of it. */
export function formatTable(figures: Figure[]): string {
  const head = "| figure | ours | spread | reference | spread | ratio |";
  const rule = "| --- | ---: | ---: | ---: | ---: | ---: |";
  return [head, rule, ...figures.map(formatRow)].join("\n");
}

function formatRow({ what, unit, ours, reference, beside }: Figure): string {
  const label = `${what} (${unit})${beside ? `, beside ${beside}` : ""}`;
  const cells = reference
    ? [...describe(reference), `**${(median(ours) / median(reference)).toFixed(2)}**`]
    : ["", "", ""];
  return `| ${[label, ...describe(ours), ...cells].join(" | ")} |`;
}

function describe(samples: number[]): string[] {
  const quartiles = [quantile(samples, 0.25), quantile(samples, 0.75)].map(formatNumber);
  return [formatNumber(median(samples)), quartiles.join("–")];
}

/** Three digits, as far as a measurement goes. */
function formatNumber(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 3 });
}
