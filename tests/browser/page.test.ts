import Ably from "ably";
import { describe, expect, it } from "vitest";
import { LOCAL_ABLY_KEY } from "../../netlify/functions/ably-token-request/key.ts";
import { setStage } from "./stage.ts";
import type { Visitor } from "./visitor.ts";

const stage = setStage();

describe("the path", () => {
  it("lights the function only while it signs, and the socket while it is open", async () => {
    const visitor = await stage.open();
    const { page } = visitor;
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      void page.route("**/.netlify/functions/ably-token-request*", async (route) => {
        resolve();
        await new Promise<void>((go) => (answer = go));
        await route.continue();
      });
    });
    await page.goto(stage.newRoom());
    await asked;
    const path = page.locator("[data-path]");
    await page.locator('[data-path][data-function="signing"]').waitFor();
    expect(await path.getAttribute("data-socket")).toBe("opening");
    expect(await page.locator("[data-path-words]").innerText()).toBe(
      "The function is signing a token request. The WebSocket to Ably is being opened.",
    );
    answer();
    await visitor.connected();
    expect(await path.getAttribute("data-function")).toBe("asleep");
    expect(await path.getAttribute("data-socket")).toBe("open");
    expect(await page.locator("[data-path-words]").innerText()).toBe(
      "The function is asleep again. The WebSocket to Ably is open.",
    );
  });

  it("gives the facts of this session", async () => {
    const ada = await stage.arrive(stage.newRoom());
    const fact = (name: string) =>
      ada.page.locator("[data-facts] > div", { hasText: name }).locator("dd");
    await fact("Round trip")
      .getByText(/^\d+ ms$/)
      .waitFor();
    expect(await fact("Function, last run").innerText()).toMatch(/^\d+ ms$/);
    expect(await fact("Function, in all").innerText()).toMatch(/^\d+ ms, 1 run$/);
    expect(await fact("Transport").innerText()).toBe("WebSocket");
    expect(await fact("Token renews by").innerText()).toMatch(/\d:\d\d/);
    await fact("Socket open for").getByText("2 s").waitFor();
  });

  it("pulses with each message in and out, and stands still where motion is unwanted", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [
      await stage.arrive(url),
      await stage.arrive(url, { reducedMotion: "reduce" }),
    ];
    const seen = (visitor: Visitor) =>
      visitor.page.evaluate(() => {
        const wire = document.querySelector("[data-wire]")!;
        const pulses: string[] = [];
        new MutationObserver((changes) => {
          for (const { addedNodes } of changes)
            for (const node of addedNodes) pulses.push((node as HTMLElement).className);
        }).observe(wire, { childList: true });
        Object.assign(window, { pulses });
      });
    const pulses = (visitor: Visitor) =>
      visitor.page.evaluate(() => (window as unknown as { pulses: string[] }).pulses);
    await Promise.all([seen(ada), seen(bob)]);
    await ada.say("hello");
    await bob.sees(bob.lines, ["hello"]);
    await expect.poll(() => pulses(ada)).toEqual(["pulse sent", "pulse received"]);
    expect(await pulses(bob)).toEqual([]);
  });
});

describe("the room", () => {
  it("tells who comes and goes, and who is typing", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    const bob = await stage.arrive(url);
    const name = await bob.name();
    const notices = ada.page.locator("[data-messages] .notice [data-body]");
    await ada.sees(notices, [`${name} joined`]);
    await bob.page.locator("[data-text]").pressSequentially("hm");
    await ada.page.getByText(`${name} is typing…`).waitFor();
    await bob.page.keyboard.press("Enter");
    await ada.page.getByText(`${name} is typing…`).waitFor({ state: "detached" });
    await bob.goAway();
    await ada.sees(notices, [`${name} joined`, `${name} left`]);
  });

  it("stops saying that someone types when they stop", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await bob.page.locator("[data-text]").pressSequentially("h");
    const typing = ada.page.locator("[data-typing]");
    await typing.getByText("is typing…").waitFor();
    await expect.poll(() => typing.innerText(), { timeout: 10_000 }).toBe("");
  });

  it("shows a new name to everyone at once, and keeps it over a reload", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await ada.say("who am I?");
    await bob.sees(bob.lines, ["who am I?"]);
    await ada.page.fill("[data-name-input]", "Ada Lovelace");
    await ada.page.keyboard.press("Enter");
    await bob.people.getByText("Ada Lovelace").waitFor();
    expect(await bob.page.locator("[data-sender]").innerText()).toBe("Ada Lovelace");
    await ada.page.reload();
    await ada.connected();
    expect(await ada.name()).toBe("Ada Lovelace");
  });

  it("follows what is new only from its end, and otherwise offers it", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    for (let i = 0; i < 15; i++) await bob.say(`line ${i}`);
    await ada.lines.getByText("line 14").waitFor();
    const list = ada.page.locator("[data-messages]");
    const fromEnd = () => list.evaluate((l) => l.scrollHeight - l.scrollTop - l.clientHeight);
    expect(await fromEnd()).toBeLessThan(24);

    await list.evaluate((l) => void (l.scrollTop = 0));
    await expect.poll(fromEnd).toBeGreaterThan(24);
    for (const text of ["one", "two", "three"]) await bob.say(text);
    const offer = ada.page.getByRole("button", { name: "3 new messages" });
    await offer.waitFor();
    expect(await list.evaluate((l) => l.scrollTop)).toBe(0);
    expect(await ada.page.locator(".line", { hasText: "one" }).last().innerText()).toContain("New");
    await offer.click();
    await expect.poll(fromEnd).toBeLessThan(24);
    await offer.waitFor({ state: "hidden" });
  });

  it("unfolds each message to the exact Ably message", async () => {
    const ada = await stage.arrive(stage.newRoom());
    await ada.say("look inside");
    await ada.page.getByText("Ably message").click();
    const unfolded = ada.page.locator("[data-json]", { hasText: "serial" });
    const json = JSON.parse(await unfolded.innerText()) as object;
    expect(json).toMatchObject({
      name: "chat-message",
      data: { text: "look inside" },
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      serial: expect.stringContaining("@"),
      connectionId: expect.any(String),
    });
  });

  it("is the one that the link names, apart from the others", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(stage.newRoom())];
    await ada.say("only here");
    await ada.sees(ada.lines, ["only here"]);
    expect(await ada.people.count()).toBe(1);
    expect(await bob.lines.count()).toBe(0);
    expect(await ada.page.locator("h1").innerText()).toContain(url.split("=")[1]);
  });

  it("is the lobby, and says so, if the link names none that can be", async () => {
    const ada = await stage.arrive(`${stage.dev.url}/?room=%5Bmeta%5D*`);
    expect(await ada.page.locator("h1").innerText()).toContain("lobby");
    expect(await ada.page.locator("[data-problem]").innerText()).toContain("This is the lobby.");
  });

  it("can be shared as a link and a QR code, which is loaded only then", async () => {
    const url = stage.newRoom();
    const context = { permissions: ["clipboard-read", "clipboard-write"] };
    const ada = await stage.arrive(url, context);
    const loaded = () =>
      ada.page.evaluate(() =>
        performance.getEntriesByType("resource").some(({ name }) => /\/qr\b/.test(name)),
      );
    expect(await loaded()).toBe(false);
    await ada.page.getByRole("button", { name: "Invite" }).click();
    await ada.page.locator("[data-qr] svg path").waitFor();
    expect(await loaded()).toBe(true);
    await ada.page.getByRole("button", { name: "Copy the link" }).click();
    await ada.page.getByText("Copied.").waitFor();
    expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(url);
    await ada.page.keyboard.press("Escape");
    await ada.page.locator("dialog").waitFor({ state: "hidden" });
  });

  it("writes every state change with its reason into a log that can be copied", async () => {
    const ada = await stage.arrive(stage.newRoom(), {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await ada.page.getByText("Connection log").click();
    await ada.page.getByRole("button", { name: "Copy as text" }).click();
    await ada.page.getByText("Copied.").waitFor();
    const text = await ada.page.evaluate(() => navigator.clipboard.readText());
    expect(text.split("\n").map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""))).toEqual([
      "room attaching",
      "connection connecting",
      "connection connected",
      "room attached",
    ]);
  });

  it("announces each message once, mine and theirs", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await ada.page.evaluate(() => {
      const added: string[] = [];
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes)
          for (const node of addedNodes) added.push((node as HTMLElement).innerText);
      }).observe(document.querySelector("[role=log]")!, { childList: true });
      Object.assign(window, { added });
    });
    await ada.say("mine");
    await bob.sees(bob.lines, ["mine"]);
    await bob.say("theirs");
    await ada.sees(ada.lines, ["mine", "theirs"]);
    const added = await ada.page.evaluate(() => (window as unknown as { added: string[] }).added);
    expect(added.filter((text) => text.includes("mine"))).toHaveLength(1);
    expect(added.filter((text) => text.includes("theirs"))).toHaveLength(1);
    expect(added).toHaveLength(2);
  });

  it("keeps the last 500 of a flood, and says so", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    const channel = stage.stranger().channels.get(`room:${url.split("=")[1]}`);
    for (let batch = 0; batch < 7; batch++) {
      const texts = Array.from({ length: 100 }, (_, i) => `${batch * 100 + i}`);
      await channel.publish(texts.map((text) => ({ name: "chat-message", data: { text } })));
    }
    await ada.lines.getByText("699", { exact: true }).waitFor();
    expect(await ada.lines.count()).toBe(500);
    expect(await ada.lines.first().innerText()).toBe("200");
    expect(await ada.page.locator("[data-forgotten]").innerText()).toBe(
      "Only the last 500 entries are kept here.",
    );
  });

  it("says why a message was not sent, and sends it again at a press", async () => {
    const ada = await stage.arrive(stage.newRoom());
    // More at once than Ably takes from one connection in a second.
    await ada.page.evaluate(() => {
      for (let i = 0; i < 52; i++) document.querySelector<HTMLElement>("[data-hello]")?.click();
    });
    const failed = ada.page.locator('.line[data-delivery="failed"]');
    await expect.poll(() => failed.count()).toBe(2);
    expect(await failed.first().innerText()).toMatch(/not sent: .*50 messages a second/);
    // Again and again until Ably's second is over; what fails in between shows so, and stays.
    await expect
      .poll(() =>
        failed.evaluateAll((lines) => {
          for (const line of lines) line.querySelector<HTMLElement>("[data-resend]")?.click();
          return lines.length;
        }),
      )
      .toBe(0);
    await expect.poll(() => ada.lines.count()).toBe(52);
    await expect.poll(() => ada.page.locator('[data-delivery="delivered"]').count()).toBe(52);
  });
});

describe("when things go wrong, through the practice drawer,", () => {
  async function practise(visitor: Visitor, label: string): Promise<void> {
    const drawer = visitor.page.locator("[data-practice]");
    await drawer.evaluate((element: HTMLDetailsElement) => void (element.open = true));
    await drawer.getByRole("button", { name: label, exact: true }).click();
    await drawer.getByText(`${label}: done.`).waitFor();
  }

  it("a dropped connection comes back by itself, and nothing is lost or doubled", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await bob.say("before");
    await ada.sees(ada.lines, ["before"]);
    await practise(ada, "Drop my connection");
    await bob.say("meanwhile");
    await ada.connected();
    await ada.say("after");
    await ada.sees(ada.lines, ["before", "meanwhile", "after"]);
    await bob.sees(bob.lines, ["before", "meanwhile", "after"]);
  });

  it("messages typed while connections are refused wait, and arrive once, in order", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await practise(ada, "Refuse connections for 10 s");
    await ada.page.locator('[data-path][data-socket="broken"]').waitFor();
    for (const text of ["one", "two", "three"]) await ada.say(text);
    await ada.page.getByText("waiting for the connection").nth(2).waitFor();
    expect(await bob.lines.count()).toBe(0);
    await ada.page
      .locator("[data-status]", { hasText: /^Connected$/ })
      .waitFor({ timeout: 40_000 });
    await bob.page
      .locator("[data-status]", { hasText: /^Connected$/ })
      .waitFor({ timeout: 40_000 });
    await bob.sees(bob.lines, ["one", "two", "three"]);
    await ada.sees(ada.lines, ["one", "two", "three"]);
    await ada.page.getByText("waiting for the connection").waitFor({ state: "detached" });
  });

  it("an expired token is renewed, and the function runs for it once more", async () => {
    const ada = await stage.arrive(stage.newRoom());
    await practise(ada, "Expire my token now");
    await ada.page.getByText(/ms, 2 runs$/).waitFor();
    await ada.connected();
    await ada.say("still here");
    await ada.sees(ada.lines, ["still here"]);
  });

  it("delayed messages arrive late and in order", async () => {
    const ada = await stage.arrive(stage.newRoom());
    await practise(ada, "Delay messages by 1 s");
    const before = Date.now();
    await ada.say("slow");
    await ada.page.locator('.line[data-delivery="sending"]').waitFor();
    await ada.page.locator('.line[data-delivery="delivered"]').waitFor();
    expect(Date.now() - before).toBeGreaterThanOrEqual(1_000);
    await practise(ada, "No delay");
  });

  it("a restart of Ably is survived, presence is re-entered, and the gap is said", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await practise(ada, "Stop Ably, and start it again empty");
    for (const visitor of [ada, bob]) {
      await visitor.page.getByText("Some messages may be missing").waitFor({ timeout: 40_000 });
      await expect.poll(() => visitor.people.count(), { timeout: 40_000 }).toBe(2);
    }
    await ada.say("back again");
    await bob.sees(bob.lines, ["back again"]);
  });
});

it("says so when the function cannot be reached, and connects once it can", async () => {
  const visitor = await stage.open();
  const { page } = visitor;
  await page.route("**/.netlify/functions/**", (route) => route.abort());
  await page.goto(stage.newRoom());
  await page.getByText("The token function did not answer").waitFor();
  await page.unroute("**/.netlify/functions/**");
  await page.getByRole("button", { name: "Try again now" }).click();
  await visitor.connected();
  expect(await page.locator("[data-problem]").isHidden()).toBe(true);
});

it("says so when the function refuses for good", async () => {
  const visitor = await stage.open();
  const error = { code: 40012, statusCode: 403, message: "The clientId was refused: testing." };
  await visitor.page.route("**/.netlify/functions/**", (route) =>
    route.fulfill({
      status: 403,
      headers: { "x-ably-errorcode": "40012" },
      contentType: "application/json",
      body: JSON.stringify({ error }),
    }),
  );
  await visitor.page.goto(stage.newRoom());
  await visitor.page.getByText("The clientId was refused: testing.", { exact: true }).waitFor();
  expect(await visitor.page.locator("[data-status]").innerText()).toBe("Not connected");
});

describe("says so in words when", () => {
  /** Lets the function sign with another key, or for another capability. */
  async function arriveWith(key: string, params: Ably.TokenParams): Promise<Visitor> {
    const { auth } = new Ably.Rest({ key });
    const visitor = await stage.open();
    await visitor.page.route("**/.netlify/functions/**", async (route) =>
      route.fulfill({ json: await auth.createTokenRequest({ clientId: "ada", ...params }) }),
    );
    await visitor.page.goto(stage.newRoom());
    return visitor;
  }

  const problem = (visitor: Visitor) => visitor.page.locator("[data-problem]");

  it("Ably refuses the key", async () => {
    const visitor = await arriveWith(`${LOCAL_ABLY_KEY}-wrong`, {});
    await problem(visitor).getByText("Ably refused the key of this site").waitFor();
    expect(await problem(visitor).innerText()).toMatch(/ABLY_API_KEY is a current key/);
  });

  it("the token does not open the room", async () => {
    const visitor = await arriveWith(LOCAL_ABLY_KEY, { capability: '{"other:*":["*"]}' });
    await problem(visitor).getByText("This room cannot be opened").waitFor();
  });

  it("no WebSocket gets through, and goes on trying", async () => {
    const visitor = await stage.open();
    await visitor.page.addInitScript(() => {
      const Real = WebSocket;
      window.WebSocket = class extends Real {
        constructor(url: string, protocols?: string | string[]) {
          super(protocols ? url : "ws://127.0.0.1:1/", protocols);
        }
      } as typeof WebSocket;
    });
    await visitor.page.goto(stage.newRoom());
    await problem(visitor).getByText("Ably cannot be reached").waitFor();
  });
});
