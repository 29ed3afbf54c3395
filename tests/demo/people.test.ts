import { describe, expect, it } from "vitest";
import {
  type Appearances,
  appearanceOf,
  updateAppearances,
} from "../../src/demo/state/appearances.ts";
import { describeTyping, peopleOf } from "../../src/demo/state/people.ts";
import type { Member } from "../../src/realtime/room.ts";

const me = { clientId: "me-1", name: "Me" };
const now = 10_000;
const nobody: Appearances = new Map();

function member(clientId: string, over: Partial<Member> = {}): Member {
  const times = { timestamp: now, seenAt: now };
  return { clientId, connectionId: clientId, name: clientId, isTyping: false, ...times, ...over };
}

const enter = (before: Appearances, ...members: Member[]) =>
  updateAppearances(before, members, () => []);

it("lists one entry for each person, with the number of tabs, me first", () => {
  const members = [
    member("you-1", { connectionId: "a", name: "You" }),
    member("me-1", { name: "Me" }),
    member("you-1", { connectionId: "b", name: "You" }),
  ];
  expect(peopleOf(members, me, enter(nobody, ...members))).toMatchObject([
    { clientId: "me-1", name: "Me", tabs: 1, isMe: true },
    { clientId: "you-1", name: "You", tabs: 2, isMe: false },
  ]);
});

describe("who is typing", () => {
  const typing = (...names: string[]) =>
    describeTyping(
      names.map((name) => member(name, { name, isTyping: true })),
      me,
      now,
    );

  it("is described with the names of the others apart from the words", () => {
    expect(typing()).toEqual([]);
    expect(typing("me-1")).toEqual([]);
    expect(typing("Ada", "me-1")).toEqual([{ name: "Ada" }, " is typing…"]);
    expect(typing("Ada", "Bob")).toEqual([
      { name: "Ada" },
      " and ",
      { name: "Bob" },
      " are typing…",
    ]);
    expect(typing("Ada", "Bob", "Cy")).toEqual(["Several people are typing…"]);
  });

  it("counts a person with two tabs once", () => {
    const tabs = ["a", "b"].map((connectionId) =>
      member("you-1", { connectionId, name: "You", isTyping: true }),
    );
    expect(describeTyping(tabs, me, now)).toEqual([{ name: "You" }, " is typing…"]);
  });

  it("ends after 6 s, because a lost tab cannot say that it stopped", () => {
    const typist = member("you-1", { isTyping: true });
    expect(describeTyping([typist], me, now + 5_999)).not.toEqual([]);
    expect(describeTyping([typist], me, now + 6_000)).toEqual([]);
  });
});

describe("the hue of a person", () => {
  const distance = (a: number, b: number) => Math.min(Math.abs(a - b), 360 - Math.abs(a - b));

  it("is far from those of the others when people come", () => {
    for (let round = 0; round < 50; round++) {
      let appearances = nobody;
      const members: Member[] = [];
      for (let index = 0; index < 4; index++) {
        members.push(member(`guest-${round}-${index}`));
        appearances = enter(appearances, ...members);
      }
      const hues = members.map(({ clientId }) => appearanceOf(clientId, appearances).hue);
      for (const [index, hue] of hues.entries()) {
        for (const other of hues.slice(index + 1)) {
          expect(distance(hue, other)).toBeGreaterThanOrEqual(60);
        }
      }
    }
  });

  it("stays while others come and go, and the person renames", () => {
    const first = enter(nobody, member("ada"));
    const later = enter(first, member("ada", { name: "Countess" }), member("bob"));
    expect(later.get("ada")).toEqual({ name: "Countess", hue: first.get("ada")?.hue });
  });

  it("is the same on each load for somebody alone", () => {
    expect(enter(nobody, member("ada"))).toEqual(enter(nobody, member("ada")));
  });
});

it("keeps the same map if nothing has changed", () => {
  const before = enter(nobody, member("ada"));
  expect(enter(before, member("ada", { isTyping: true }))).toBe(before);
});

it("forgets those out of view after a thousand", () => {
  let appearances = nobody;
  for (let index = 0; index < 1_100; index++) {
    appearances = updateAppearances(appearances, [member(`guest-${index}`)], () => ["guest-0"]);
    expect(appearances.size).toBeLessThanOrEqual(1_000);
  }
  expect(appearances.has("guest-0")).toBe(true);
  expect(appearances.has("guest-1099")).toBe(true);
});

it("shows the client ID of somebody it does not know", () => {
  expect(appearanceOf("__proto__", nobody).name).toBe("__proto__");
});
