import { describe, expect, it } from "vitest";
import { setStage } from "../support/stage.ts";
import type { Visitor } from "../support/visitor.ts";

const stage = setStage();

describe("the path", () => {
  it("lights the function only while it signs, and the socket while it is open", async () => {
    const visitor = await stage.open({ viewport: { width: 390, height: 844 } });
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
      "The function signs a token request. The WebSocket to Ably is opening.",
    );
    const heightBefore = (await path.boundingBox())?.height;
    answer();
    await visitor.connected();
    expect(await path.getAttribute("data-function")).toBe("asleep");
    expect(await path.getAttribute("data-socket")).toBe("open");
    expect(await page.locator("[data-path-words]").innerText()).toBe(
      "The function is asleep again. The WebSocket to Ably is open.",
    );
    // On a phone too, what stands below it does not move.
    expect((await path.boundingBox())?.height).toBe(heightBefore);
  });

  it("gives the facts of this session", async () => {
    const ada = await stage.arrive(stage.newRoom());
    const fact = (name: string) =>
      ada.page.locator(".facts > div", { hasText: name }).locator("dd");
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
    await ada.sees(notices, [`${name} left`]);
    await ada.sees(ada.page.locator("[data-messages] [data-sender]"), [name]);
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

  it("keeps a name that is being typed while others come, type and go", async () => {
    const url = stage.newRoom();
    const ada = await stage.arrive(url);
    await ada.page.fill("[data-name-input]", "Grace");
    await ada.page.keyboard.press("Tab");
    const bob = await stage.arrive(url);
    await ada.people.nth(1).waitFor();
    await bob.page.locator("[data-text]").pressSequentially("h");
    await ada.page.getByText("is typing…").waitFor();
    await ada.page.keyboard.press("Enter");
    await bob.people.getByText("Grace").waitFor();
  });

  it("follows what is new only from its end, and otherwise offers it", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    for (let i = 0; i < 15; i++) await bob.say(`line ${i}`);
    await ada.lines.getByText("line 14").waitFor();
    const list = ada.page.locator("[data-messages]");
    const fromEnd = () => list.evaluate((l) => l.scrollHeight - l.scrollTop - l.clientHeight);
    expect(await fromEnd()).toBeLessThan(24);

    await list.evaluate((l) => {
      const scrolled = new Promise((resolve) =>
        l.addEventListener("scroll", resolve, { once: true }),
      );
      l.scrollTop = 0;
      return scrolled;
    });
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
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
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
    const ada = await stage.arrive(`${stage.site.url}/?room=%5Bmeta%5D*`);
    expect(await ada.page.locator("h1").innerText()).toContain("lobby");
    expect(await ada.page.locator("[data-problem]").innerText()).toContain("This is the lobby.");
  });

  it("announces each message once, mine and theirs", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    // That Bob joined is a notice of its own.
    await expect.poll(() => ada.people.count()).toBe(2);
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

  it("says why a message was not sent, and sends it again at a press", async () => {
    const ada = await stage.arrive(stage.newRoom());
    // More at once than Ably takes from one connection in a second.
    await ada.page.evaluate(() => {
      for (let i = 0; i < 52; i++) document.querySelector<HTMLElement>("[data-hello]")?.click();
    });
    const failed = ada.page.locator('.line[data-delivery="failed"]');
    await expect.poll(() => failed.count()).toBe(2);
    expect(await failed.first().innerText()).toMatch(/not sent: .*50 messages a second/);
    // Again and again until Ably's second is over: what fails in between shows so, and stays.
    await expect
      .poll(async () => {
        await failed.evaluateAll((lines) => {
          for (const line of lines) line.querySelector<HTMLElement>("[data-resend]")?.click();
        });
        return ada.page.locator('.line[data-delivery="delivered"]').count();
      })
      .toBe(52);
    expect(await ada.lines.count()).toBe(52);
  });
});
