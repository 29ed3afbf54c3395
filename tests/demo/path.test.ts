import { describe, expect, it } from "vitest";
import {
  type Path,
  afterConnection,
  afterTokenStep,
  describePath,
  factsOf,
  formatDuration,
  initialPath,
} from "../../src/demo/path.ts";
import type { ConnectionStatus } from "../../src/realtime/connect.ts";

function connection(path: Path, state: ConnectionStatus["state"], now: number): Path {
  return afterConnection(path, { state, isTokenFault: false, isRenewal: false }, now);
}

describe("the function", () => {
  const signing = afterTokenStep(initialPath, { type: "signing" });

  it("works only while it signs, and sleeps again", () => {
    expect(describePath(signing)).toMatch(/^The function signs/);
    const signed = afterTokenStep(signing, { type: "signed", ms: 120 });
    expect(signed.function).toBe("asleep");
    expect(describePath(signed)).toMatch(/^The function is asleep again\./);
  });

  it("is counted, each run and all together", () => {
    const once = afterTokenStep(signing, { type: "signed", ms: 120 });
    const twice = afterTokenStep(once, { type: "signed", ms: 30 });
    expect(factsOf(twice, 0)).toMatchObject({
      lastRun: "30 ms",
      inAll: "150 ms, 2 runs",
    });
  });

  it("says so when it refused", () => {
    expect(describePath(afterTokenStep(signing, { type: "refused", ms: 5 }))).toMatch(
      /^The function refused/,
    );
  });
});

describe("the socket", () => {
  it.each([
    ["initialized", "There is no WebSocket."],
    ["connecting", "The WebSocket to Ably is opening."],
    ["connected", "The WebSocket to Ably is open."],
    ["disconnected", "The WebSocket to Ably is broken."],
    ["suspended", "The WebSocket to Ably is broken."],
    ["failed", "The WebSocket to Ably is broken."],
    ["closed", "There is no WebSocket."],
  ] as const)("when %s reads: %s", (state, words) => {
    expect(describePath(connection(initialPath, state, 0))).toContain(words);
  });

  it("has no WebSocket where there was no token to open one with", () => {
    const status = { state: "disconnected", isTokenFault: true, isRenewal: false } as const;
    expect(describePath(afterConnection(initialPath, status, 0))).toMatch(
      /There is no WebSocket\.$/,
    );
  });

  it("counts how long it has been open, anew after each break", () => {
    const open = connection(initialPath, "connected", 1_000);
    const value = (path: Path, now: number) => factsOf(path, now).openFor;
    expect(value(open, 6_000)).toBe("5 s");
    const broken = connection(open, "disconnected", 7_000);
    expect(value(broken, 8_000)).toBe("–");
    expect(value(connection(broken, "connected", 9_000), 11_000)).toBe("2 s");
  });
});

it.each([
  [0, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min 0 s"],
  [3_725_000, "1 h 2 min"],
  [-5, "0 s"],
])("%i ms last %s", (ms, words) => {
  expect(formatDuration(ms)).toBe(words);
});
