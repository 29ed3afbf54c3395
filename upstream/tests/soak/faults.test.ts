/**
 * Faults, for real, through the page and the SDK. After each, every message that a publisher was
 * told was delivered is on every page exactly once, in order, and the page says what happened.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Ably from "ably";
import { describe, expect, it } from "vitest";
import { LOCAL_ABLY_KEY } from "../../../netlify/functions/ably-token-request/local-ably.ts";
import { startDev } from "../../support/dev-server.ts";
import { setStage } from "../../../tests/demo/stage.ts";
import { saveFile } from "../../support/files.ts";
import type { Visitor } from "../../../tests/demo/visitor.ts";
import { copyProject } from "../../../tests/support/copy.ts";
import {
  expectSameOnAll,
  inOrder,
  clearStates,
  sayImmediately,
  record,
  recorded,
} from "./recorder.ts";

const FUNCTION = "**/.netlify/functions/ably-token-request*";
/** Short, so that a long absence need not be long. */
const CONNECTION_STATE_TTL_MS = 4_000;

let folder = "";
const stage = setStage(async () => {
  folder = await copyProject();
  return startDev({ folder, settings: { connectionStateTtl: CONNECTION_STATE_TTL_MS } });
});

async function arrive(url: string): Promise<Visitor> {
  const visitor = await stage.open();
  await record(visitor);
  await visitor.page.goto(url);
  return visitor.connected();
}

/** One of local Ably's faults, through the page's own way to it. */
function fault({ page }: Visitor, step: string): Promise<unknown> {
  return page.evaluate(async (name) => {
    const response = await fetch(`/local-ably/faults/${name}`, { method: "POST" });
    return response.json();
  }, step);
}

/** Presses a button of the practice drawer, without a look at what comes of it. */
function press({ page }: Visitor, label: string): Promise<void> {
  return page.evaluate((text) => {
    const buttons = document.querySelectorAll<HTMLElement>("[data-practice] button");
    const button = [...buttons].find(({ textContent }) => textContent === text);
    if (!button) throw new Error(`There is no button “${text}”.`);
    button.click();
  }, label);
}

const textsOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i}`);

it("the socket cut 50 times at random moments during 1,000 messages between three pages", async () => {
  const url = stage.newRoom();
  const visitors = [await arrive(url), await arrive(url), await arrive(url)];
  const names = ["ada", "bob", "eve"];
  const counts = [334, 333, 333];
  const talk = visitors.map(async (visitor, who) => {
    for (const text of textsOf(names[who] ?? "", counts[who] ?? 0)) {
      await sayImmediately(visitor, text);
      // Ably takes 50 messages a second from a connection, and those that waited come at once.
      await pause(60);
    }
  });
  const cut = (async () => {
    for (let i = 0; i < 50; i++) {
      await pause(Math.random() * 700);
      const victim = visitors[Math.floor(Math.random() * 3)] as Visitor;
      if (i % 5 === 0) await fault(victim, "dropAll");
      else await press(victim, "Drop my connection");
    }
  })();
  await Promise.all([...talk, cut]);

  const texts = names.flatMap((name, who) => textsOf(name, counts[who] ?? 0));
  await expectSameOnAll(visitors, texts);
  const { delivered } = await recorded(visitors[0] as Visitor);
  for (const [who, name] of names.entries()) {
    expect(inOrder(delivered, name)).toEqual(textsOf(name, counts[who] ?? 0));
  }
  for (const visitor of visitors) {
    await visitor.connected();
    expect((await recorded(visitor)).statuses).toContain("Connection lost, reconnecting…");
  }
});

describe("offline", () => {
  it.each([
    ["for 10 s", 10_000],
    ["for longer than the connection's state is kept", 2 * CONNECTION_STATE_TTL_MS + 10_000],
  ])("%s, with messages typed meanwhile", async (_how, ms) => {
    const url = stage.newRoom();
    const visitors = [await arrive(url), await arrive(url)] as const;
    const [ada, bob] = visitors;
    await sayImmediately(ada, "before");
    await bob.sees(bob.lines, ["before"]);
    await ada.page.context().setOffline(true);
    await ada.page.locator('[data-diagram][data-socket="broken"]').waitFor();
    const until = pause(ms);
    for (const text of textsOf("ada, away", 5)) await sayImmediately(ada, text);
    for (const text of textsOf("bob", 5)) await sayImmediately(bob, text);
    await ada.page.getByText("waiting for the connection").nth(4).waitFor();
    await until;
    await ada.page.context().setOffline(false);
    await ada.retryUntilConnected();
    const texts = ["before", ...textsOf("ada, away", 5), ...textsOf("bob", 5)];
    await expectSameOnAll([...visitors], texts);
    for (const prefix of ["ada, away", "bob"]) {
      const { delivered } = await recorded(bob);
      expect(inOrder(delivered, prefix)).toEqual(textsOf(prefix, 5));
    }
  });
});

it("tokens of 5 s for a minute: renewed with no flicker, the same person, and nothing lost", async () => {
  const url = stage.newRoom();
  const bob = await arrive(url);
  const ada = await stage.open();
  await record(ada);
  const { auth } = new Ably.Rest({ key: LOCAL_ABLY_KEY });
  const asked: (string | null)[] = [];
  await ada.page.route(FUNCTION, async (route) => {
    const clientId = new URL(route.request().url()).searchParams.get("clientId");
    asked.push(clientId);
    const params = { clientId: clientId ?? "", ttl: 5_000 };
    await route.fulfill({ json: await auth.createTokenRequest(params) });
  });
  await ada.page.goto(url);
  await ada.connected();
  await ada.page.locator("[data-diagram][data-socket=open]").waitFor();
  await clearStates(ada);
  const texts: string[] = [];
  for (const text of textsOf("second", 60)) {
    const [speaker, name] = texts.length % 2 ? [ada, "ada"] : [bob, "bob"];
    texts.push(`${name}, ${text}`);
    await sayImmediately(speaker as Visitor, `${name}, ${text}`);
    await pause(1_000);
  }
  await expectSameOnAll([ada, bob], texts);
  expect(asked.length).toBeGreaterThanOrEqual(10);
  expect(new Set(asked).size).toBe(1);
  const { statuses, sockets } = await recorded(ada);
  expect({ statuses, sockets }).toEqual({ statuses: ["Connected"], sockets: ["open"] });
  expect(await bob.page.locator(".notice").count()).toBe(1);
});

it("the function answering 500, HTML, nothing for 15 s, and 403, then well again", async () => {
  const url = stage.newRoom();
  const bob = await arrive(url);
  const ada = await stage.open();
  await record(ada);
  const problem = ada.page.locator("[data-problem]");
  const retry = () => ada.page.getByRole("button", { name: "Try again" }).click();
  const refusal = (status: number, code: number) => ({
    status,
    headers: { "x-ably-errorcode": `${code}` },
    json: { error: { code, statusCode: status, message: `Said with ${status}.` } },
  });
  let answer: "500" | "HTML" | "nothing" | "403" | "well" = "500";
  await ada.page.route(FUNCTION, async (route) => {
    if (answer === "500") return route.fulfill(refusal(500, 50_000));
    if (answer === "HTML") return route.fulfill({ contentType: "text/html", body: "<p>Hello</p>" });
    if (answer === "403") return route.fulfill(refusal(403, 40_300));
    if (answer === "well") return route.continue();
    await pause(15_000);
    return route.abort().catch(() => {});
  });
  await ada.page.goto(url);
  await problem.getByText("Said with 500.").waitFor();
  for (const text of textsOf("ada", 3)) await sayImmediately(ada, text);
  answer = "HTML";
  await retry();
  await problem.getByText("The token function was not found").waitFor();
  answer = "nothing";
  await retry();
  await expect.poll(async () => (await recorded(ada)).statuses.at(-1)).toBe("Connecting…");
  await expect
    .poll(async () => (await recorded(ada)).statuses.at(-1), { timeout: 20_000 })
    .toBe("Not connected");
  answer = "403";
  await retry();
  await problem.getByText("Said with 403.").waitFor();
  await ada.page.locator('.line[data-delivery="waiting"]').nth(2).waitFor();
  answer = "well";
  await retry();
  await ada.connected();
  await problem.waitFor({ state: "hidden" });
  // What waited is sent without a press.
  for (const text of textsOf("ada", 3)) await bob.lines.getByText(text).waitFor();
  await sayImmediately(ada, "well again");
  await bob.lines.getByText("well again").waitFor();
  for (const visitor of [ada, bob]) expect(await visitor.people.count()).toBe(2);
  await expectSameOnAll([ada, bob], [...textsOf("ada", 3), "well again"]);
});

it("the page asleep for longer than the connection's state is kept, then awake", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await arrive(url), await arrive(url)];
  await sayImmediately(ada, "before");
  await bob.sees(bob.lines, ["before"]);
  const devTools = await ada.page.context().newCDPSession(ada.page);
  await devTools.send("Page.setWebLifecycleState", { state: "frozen" });
  await fault(bob, "dropAll");
  await bob.connected();
  const until = pause(2 * CONNECTION_STATE_TTL_MS);
  for (const text of textsOf("meanwhile", 20)) await sayImmediately(bob, text);
  await until;
  await devTools.send("Page.setWebLifecycleState", { state: "active" });
  await ada.connected();
  await sayImmediately(ada, "awake");
  await expectSameOnAll([ada, bob], ["before", ...textsOf("meanwhile", 20), "awake"]);
});

it("reloads in the middle of traffic: nothing is missing after the last message seen, nothing twice", async () => {
  const url = stage.newRoom();
  const [ada, bob] = [await arrive(url), await arrive(url)];
  const texts = textsOf("message", 300);
  const talk = (async () => {
    for (const text of texts) {
      await sayImmediately(bob, text);
      await pause(40);
    }
  })();
  let lastSeen = -1;
  for (let reload = 0; reload < 3; reload++) {
    await expect.poll(async () => (await recorded(ada)).delivered.length).toBeGreaterThan(20);
    lastSeen = texts.indexOf((await recorded(ada)).delivered.at(-1) ?? "");
    await ada.page.reload();
    await ada.connected();
    await expect.poll(async () => (await recorded(ada)).delivered.length).toBeGreaterThan(0);
    const [first = ""] = (await recorded(ada)).delivered;
    expect(texts.indexOf(first)).toBeLessThanOrEqual(lastSeen + 1);
  }
  await talk;
  await ada.lines.getByText("message 299", { exact: true }).waitFor();
  const { delivered } = await recorded(ada);
  expect(delivered).toEqual(texts.slice(-delivered.length));
});

it("20 hot reloads leave one connection open", async () => {
  const ada = await arrive(stage.newRoom());
  const file = join(folder, "src/realtime/room.ts");
  const code = await readFile(file, "utf8");
  const before = (await fault(ada, "counts")) as { open: number };
  for (let reload = 1; reload <= 20; reload++) {
    const reloaded = ada.page.waitForEvent("console", {
      predicate: (message) => message.text().includes("[vite] hot updated"),
    });
    await saveFile(file, `${code}// ${reload}\n`);
    await reloaded;
    await ada.connected();
  }
  await expect.poll(() => fault(ada, "counts")).toEqual({ open: before.open, waiting: 0 });
});
