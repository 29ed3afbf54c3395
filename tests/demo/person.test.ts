import { describe, expect, it } from "vitest";
import { describeTyping, hueOf, initialsOf, peopleOf } from "../../src/demo/person.ts";
import type { Member } from "../../src/realtime/room.ts";

const me = { clientId: "me-1", name: "Me" };
const now = 10_000;

function member(clientId: string, over: Partial<Member> = {}): Member {
  return {
    clientId,
    connectionId: clientId,
    name: clientId,
    isTyping: false,
    timestamp: now,
    ...over,
  };
}

describe("people", () => {
  it("are one entry each, with the number of their tabs, and I come first", () => {
    const members = [
      member("you-1", { connectionId: "a", name: "You" }),
      member("me-1", { name: "Me" }),
      member("you-1", { connectionId: "b", name: "You" }),
    ];
    expect(peopleOf(members, me, now)).toEqual([
      { clientId: "me-1", name: "Me", tabs: 1, isMe: true, isTyping: false },
      { clientId: "you-1", name: "You", tabs: 2, isMe: false, isTyping: false },
    ]);
  });

  it("type in whichever tab they type, and no longer than a lost tab can say", () => {
    const typing = { isTyping: true };
    const tabs = [
      member("you-1", { connectionId: "a", ...typing }),
      member("you-1", { connectionId: "b" }),
    ];
    expect(peopleOf(tabs, me, now)[0]?.isTyping).toBe(true);
    expect(peopleOf(tabs, me, now + 6_000)[0]?.isTyping).toBe(false);
  });
});

describe("who is typing", () => {
  const typing = (...names: string[]) =>
    describeTyping(
      peopleOf(
        names.map((name) => member(name, { name, isTyping: true })),
        me,
        now,
      ),
    );

  it("is said in words, of others only", () => {
    expect(typing()).toBe("");
    expect(typing("me-1")).toBe("");
    expect(typing("Ada", "me-1")).toBe("Ada is typing…");
    expect(typing("Ada", "Bob")).toBe("Ada and Bob are typing…");
    expect(typing("Ada", "Bob", "Cy")).toBe("Several are typing…");
  });
});

it.each([
  ["Amber Fox", "AF"],
  ["ada", "A"],
  ["  a   b c ", "AB"],
  ["🦦 otter", "🦦O"],
  ["", "?"],
])("%j has the initials %s", (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

it("gives near clientIds a stable hue each, far apart", () => {
  expect(hueOf("a")).toBe(hueOf("a"));
  const hues = Array.from({ length: 100 }, (_, i) => hueOf(`ada-${i}`));
  expect(new Set(hues).size).toBeGreaterThan(70);
  for (const hue of hues) expect(hue >= 0 && hue < 360).toBe(true);
});
