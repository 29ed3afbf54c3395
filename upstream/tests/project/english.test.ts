/** Words that a reader has to decode must not come back. Add a word only if it is never right. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../../tests/support/copy.ts";
import { listFiles } from "../../support/files.ts";

/** Pattern → what to write instead. */
const OLD_WORDS: [pattern: RegExp, instead: string][] = [
  [/\bwhoever\b/i, "anyone who, or a name: the visitor, the client"],
  [/\bin vain\b/i, "say what timed out"],
  [/\bunasked\b/i, "by default"],
  [/\bas it comes\b/i, "unchanged, with its defaults"],
  [/\bof the moment\b/i, "temporary"],
  [/\blived to see\b/i, "never happens"],
  [/\blet go\b/i, "dropped, released"],
  [/\btaken up again\b/i, "resumed"],
  [/\bgoes? along\b/i, "is passed on, is included"],
  [/\bno news\b/i, "not an error, expected"],
  [/\bheard\b/i, "received"],
  [/\bone says\b/i, "name who sends it"],
  [/\bas said\b/i, "name it"],
  [/\bwhat (it|that) is beside\b/i, "baselines"],
  [/\bdialect\b/i, "protocol, format"],
  [/\bwitness(es|ed)?\b/i, "record"],
  [/\b(that|which) is none\b/i, "say what it is not"],
  [/^[^\n]*\b(Tells|tells) (whether|how|of|what|when|the|that|again)\b/m, "reports, notifies"],
];

const files = (await listFiles()).filter(
  (file) => !/\.(png|json|patch)$|^LICENSE$|english\.test\.ts$/.test(file),
);

it.each(files)("%s is in plain English", async (file) => {
  const text = `${basename(file)}\n${await readFile(join(ROOT, file), "utf8")}`;
  for (const [pattern, instead] of OLD_WORDS) {
    const found = pattern.exec(text);
    if (found) expect.fail(`"${found[0].trim()}": write instead: ${instead}.`);
  }
});
