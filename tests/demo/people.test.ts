import { describe, expect, it } from "vitest";
import {
  type Appearances,
  appearanceOf,
  updateAppearances,
} from "../../src/demo/state/appearances.ts";
import { describeTyping, namesOf, peopleOf } from "../../src/demo/state/people.ts";
import type { Chat } from "../../src/app.ts";
import type { Member } from "../../src/realtime/index.ts";

const me = { clientId: "me-1", name: "Me" };
const now = 10_000;
const nobody: Appearances = new Map();

type Over = Partial<Member<Chat>> & { name?: string; isTyping?: boolean };

function member(clientId: string, { name = clientId, isTyping, ...over }: Over = {}): Member<Chat> {
  const profile = isTyping === undefined ? { name } : { name, isTyping };
  return { clientId, connectionId: clientId, profile, timestamp: now, seenAt: now, ...over };
}

const enter = (before: Appearances, ...members: Member<Chat>[]) =>
  updateAppearances(before, namesOf(members), () => []);

/** "Ada is typing…", for people with these appearances. */
const typingOf = (members: Member<Chat>[], at = now) =>
  describeTyping(members, { me, appearances: enter(nobody, ...members) }, at);

it("lists one entry for each person, with the number of tabs, me first", () => {
  const members = [
    member("you-1", { connectionId: "a", name: "You" }),
    member("me-1", { name: "Me" }),
    member("you-1", { connectionId: "b", name: "You" }),
  ];
  expect(peopleOf(members, { me, appearances: enter(nobody, ...members) })).toMatchObject([
    { clientId: "me-1", name: "Me", tabs: 1, isMe: true },
    { clientId: "you-1", name: "You", tabs: 2, isMe: false },
  ]);
});

it("lists me by the name that I have now, also before the others know it", () => {
  const members = [member("me-1", { name: "Old" })];
  expect(peopleOf(members, { me, appearances: enter(nobody, ...members) })).toMatchObject([
    { name: "Me" },
  ]);
});

describe("the name of a person", () => {
  const nameOf = (...members: Member<Chat>[]) => namesOf(members)[0]?.name;

  it("is that of the newest of their tabs, in any order", () => {
    const old = member("you-1", { connectionId: "a", name: "Bob", timestamp: 1 });
    const latest = member("you-1", { connectionId: "b", name: "Robert", timestamp: 2 });
    expect(nameOf(old, latest)).toBe("Robert");
    expect(nameOf(latest, old)).toBe("Robert");
    expect(namesOf([old, latest])).toHaveLength(1);
  });

  it("is the client ID if the profile has none that can be shown", () => {
    expect(nameOf(member("you-1", { profile: undefined }))).toBe("you-1");
    expect(nameOf(member("you-1", { name: "\u200b" }))).toBe("you-1");
    expect(nameOf(member("\u200b", { name: "\u200b" }))).toBe("(nobody)");
    expect(nameOf(member("you-1", { name: "Server" }))).toBe("you-1");
  });
});

describe("who is typing", () => {
  const typing = (...names: string[]) =>
    typingOf(names.map((name) => member(name, { isTyping: true })));

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
    expect(typingOf(tabs)).toEqual([{ name: "You" }, " is typing…"]);
  });

  it("ends after 6 s, because a lost tab cannot say that it stopped", () => {
    const typist = member("you-1", { isTyping: true });
    expect(typingOf([typist], now + 5_999)).not.toEqual([]);
    expect(typingOf([typist], now + 6_000)).toEqual([]);
  });

  it("has ended for somebody who was lost while typing before this page came", () => {
    const typist = member("you-1", { isTyping: true, timestamp: now - 8_000 });
    const soon = member("you-1", { isTyping: true, timestamp: now - 2_000 });
    const me = member("me-1");
    const myOtherTab = member("me-1", { connectionId: "other", timestamp: now - 60_000 });
    expect(typingOf([myOtherTab, typist, me])).toEqual([]);
    expect(typingOf([soon, me])).not.toEqual([]);
    expect(typingOf([soon, me], now + 3_999)).not.toEqual([]);
    expect(typingOf([soon, me], now + 4_000)).toEqual([]);
  });
});

describe("the hue of a person", () => {
  const distance = (a: number, b: number) => Math.min(Math.abs(a - b), 360 - Math.abs(a - b));

  it("is far from those of the others when people come", () => {
    for (let round = 0; round < 50; round++) {
      let appearances = nobody;
      const members: Member<Chat>[] = [];
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
    appearances = updateAppearances(appearances, namesOf([member(`guest-${index}`)]), () => [
      "guest-0",
    ]);
    expect(appearances.size).toBeLessThanOrEqual(1_000);
  }
  expect(appearances.has("guest-0")).toBe(true);
  expect(appearances.has("guest-1099")).toBe(true);
});

it("shows the client ID of somebody it does not know", () => {
  expect(appearanceOf("__proto__", nobody).name).toBe("__proto__");
});
