import { afterEach, describe, expect, it, vi } from "vitest";
import { clockAt } from "../../src/demo/state/clock.ts";
import { continuationsOf } from "../../src/demo/state/dividers.ts";
import type { Entry, Line } from "../../src/demo/state/timeline.ts";

const MINUTE_MS = 60_000;
const NOON = new Date(2026, 10, 28, 12).getTime();

/** Two digits or more, as this machine's language writes them. */
const digits = (number: number) =>
  new Intl.NumberFormat(undefined, { minimumIntegerDigits: 2, useGrouping: false }).format(number);

const dateOf = (timestamp: number) =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(timestamp);

afterEach(() => vi.unstubAllEnvs());

describe("the time of a message", () => {
  it("has its date, unless it is from today", () => {
    const clock = clockAt(NOON);
    const [today, earlier] = [NOON - 60 * MINUTE_MS, NOON - 3 * 24 * 60 * MINUTE_MS];
    for (const number of [11, 0]) expect(clock.time(today)).toContain(digits(number));
    expect(clock.time(today)).not.toContain(dateOf(today));
    for (const number of [12, 0]) expect(clock.time(earlier)).toContain(digits(number));
    expect(clock.time(earlier)).toContain(dateOf(earlier));
    expect(clockAt(NOON)).toBe(clock);
  });

  it("gets a date at midnight", () => {
    expect(clockAt(NOON + 13 * 60 * MINUTE_MS).time(NOON)).toContain(dateOf(NOON));
  });

  it("follows the computer to another time zone", () => {
    vi.stubEnv("TZ", "UTC");
    const before = clockAt(0);
    vi.stubEnv("TZ", "Asia/Kolkata");
    expect(clockAt(0).key).not.toBe(before.key);
    // India is half an hour off, in every language.
    expect(before.time(0)).not.toContain(digits(30));
    expect(clockAt(0).time(0)).toContain(digits(30));
  });
});

describe("messages of one person", () => {
  const line = (minute: number | undefined, clientId = "a"): Entry => {
    const timestamp = minute === undefined ? undefined : minute * MINUTE_MS;
    return { kind: "line", clientId, timestamp } as Line;
  };
  const continued = (...entries: Entry[]) => continuationsOf(entries, []);

  it("show their time again after 5 minutes, however many there are", () => {
    const minutes = [0, 4, 8, 12, 16, 20];
    expect(continued(...minutes.map((minute) => line(minute)))).toEqual([
      false,
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(continued(line(0), line(4.9), line(5.1))).toEqual([false, true, false]);
  });

  it("stand together only with nothing between", () => {
    const notice: Entry = { kind: "notice", key: "", about: "gap" };
    expect(continued(line(0), notice, line(0))).toEqual([false, false, false]);
    expect(continued(line(0), line(0, "b"), line(0))).toEqual([false, false, false]);
    expect(continued(line(0), line(undefined), line(undefined))).toEqual([false, true, true]);
    expect(continuationsOf([line(0), line(0)], ["", "New"])).toEqual([false, false]);
  });
});
