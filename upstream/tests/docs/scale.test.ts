import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scripts } from "../../../package.json" with { type: "json" };
import { DEFAULT_SITE, formatGrowth, grow, packageFor, planFor } from "../../../scripts/growth.ts";
import { ROOT, run } from "../../../tests/support/copy.ts";

const [, ...command] = scripts.scale.split(" ");
const scale = (...args: string[]) => run(process.execPath, [...command, ...args], { cwd: ROOT });

/** Without the padding that the formatter gives a table in a document. */
function plain(text: string): string {
  return text
    .replaceAll(/ *\| */g, "|")
    .replaceAll(/-{3,}/g, "---")
    .trim();
}

describe("docs/scale.md", () => {
  it("has the table that npm run scale prints", async () => {
    const { stdout } = await scale();
    expect(stdout.split("\n").length).toBeGreaterThan(10);
    expect(plain(await readFile(join(ROOT, "docs/scale.md"), "utf8"))).toContain(plain(stdout));
  });

  it("names the inputs that the table has", async () => {
    const text = await readFile(join(ROOT, "docs/scale.md"), "utf8");
    for (const [name, value] of Object.entries(DEFAULT_SITE)) {
      expect(plain(text)).toContain(`|\`--${name}\`|${value.toLocaleString("en")}|`);
    }
  });
});

describe("npm run scale", () => {
  it("takes a site of one's own", async () => {
    const { stdout } = await scale("--people", "3600", "--visit", "60", "--room", "10");
    const site = { ...DEFAULT_SITE, people: 3_600, visit: 60, room: 10 };
    expect(stdout.trim()).toBe(formatGrowth([site]));
  });

  it.each(["0", "-1", "many"])("refuses --people=%s and says what it takes", async (people) => {
    await expect(scale(`--people=${people}`)).rejects.toMatchObject({
      code: 1,
      stderr: `--people must be a number above 0, not ${people}.\n`,
    });
  });
});

// Each by hand, from the sentences under the table.
describe("the arithmetic", () => {
  const site = { people: 3_600, visit: 60, ttl: 3_600, room: 10, messages: 1, call: 100 };

  it("of visits and tokens: 3,600 people for an hour each are one new visit a second", () => {
    const { newConnectionsPerSecond, tokenRequestsPerSecond, tokenRequestsPerHour } = grow(site);
    expect([newConnectionsPerSecond, tokenRequestsPerSecond, tokenRequestsPerHour]).toEqual([
      1, 1, 3_600,
    ]);
  });

  it.each([
    [7_200, 1],
    [3_600, 1],
    [3_599, 2],
    [900, 4],
  ])("of a ttl of %i s: %i tokens for a visit of an hour", (ttl, tokens) => {
    expect(grow({ ...site, ttl }).tokenRequestsPerSecond).toBe(tokens);
  });

  it("of calls and credits: 2,592,000 calls of 100 ms are 72 GB-hours", () => {
    const { callsPerMonth, credits } = grow(site);
    expect(callsPerMonth).toBe(2_592_000);
    // 72 × 10 credits for compute, 259.2 × 2 for requests.
    expect(credits).toBeCloseTo(720 + 518.4);
  });

  it("of rooms: 360 rooms of 10, and a part of a room is one", () => {
    expect(grow(site).channels).toBe(360);
    expect(grow({ ...site, people: 3_601 }).channels).toBe(361);
    expect(grow({ ...site, people: 4 }).inRoom.members).toBe(4);
  });

  it("of messages: 3 a minute for each person, 2 for each visit, each to all of the room", () => {
    const { messagesPerSecond, inRoom, inLobby } = grow(site);
    // 3,600 people × 3 / 60 s + 2 × 1 visit a second = 182 sent, each counted 1 + 10 times.
    expect(messagesPerSecond).toBeCloseTo(182 * 11);
    expect(inRoom.perSecond).toBeCloseTo(182 / 360);
    expect(inLobby).toEqual({ members: 3_600, perSecond: expect.closeTo(182) });
  });

  it.each([
    ["connections", 200, "Free"],
    ["connections", 201, "Standard"],
    ["connections", 50_000, "Pro"],
    ["connections", 50_001, "Enterprise"],
    ["tokenRequestsPerHour", 720_000, "Pro"],
    ["messagesPerSecond", 2_500.1, "Pro"],
  ] as const)("of packages: %s of %d need %s", (what, value, name) => {
    expect(packageFor(what, value)).toBe(name);
  });

  it.each([
    [300, "Free"],
    [300.1, "Personal"],
    [3_000, "Pro"],
    [3_001, "more than Pro has"],
  ])("of plans: %d credits need %s", (credits, name) => {
    expect(planFor(credits)).toBe(name);
  });

  it("says what is too many in one channel", () => {
    const cells = (people: number) =>
      formatGrowth([{ ...site, people }])
        .split("\n")
        .at(-2)
        ?.split(" | ")
        .at(-1);
    expect(cells(200)).toBe("200 |");
    expect(cells(201)).toBe("**201: too many** |");
  });
});
