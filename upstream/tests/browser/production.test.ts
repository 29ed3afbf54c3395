import { beforeEach, describe, expect, it } from "vitest";
import { startProduction, startServe } from "../../support/production.ts";
import { setStage } from "../../../tests/demo/stage.ts";

const ABLY = "main.realtime.ably.net";

describe("the production build", () => {
  const stage = setStage(startProduction);

  beforeEach(() => void (stage.site.network.blocksWebSockets = false));

  /** Each Content-Security-Policy report is a console error, and so is among the complaints. */
  const expectNoComplaints = () => {
    for (const { complaints } of stage.visitors) expect(complaints).toEqual([]);
  };

  it("serves the page under a policy that lets it load its own files and talk to Ably", async () => {
    const { headers } = await fetch(stage.site.url);
    const policy = new Map(
      headers
        .get("content-security-policy")
        ?.split(";")
        .map((directive) => directive.trim().split(" "))
        .map(([name = "", ...sources]) => [name, sources]),
    );
    const schemes = ["https", "wss"];
    expect(Object.fromEntries(policy)).toEqual({
      "default-src": ["'none'"],
      "script-src": ["'self'"],
      "style-src": ["'self'"],
      "img-src": ["'self'", "data:"],
      "font-src": ["'self'"],
      "media-src": ["'self'"],
      "manifest-src": ["'self'"],
      "connect-src": [
        "'self'",
        ...schemes.map((scheme) => `${scheme}://${ABLY}`),
        ...schemes.map((scheme) => `${scheme}://*.fallback.ably-realtime.com`),
        "https://internet-up.ably-realtime.com",
        "wss://ws-up.ably-realtime.com",
      ],
      "base-uri": ["'none'"],
      "form-action": ["'self'"],
      "frame-ancestors": ["'none'"],
      "require-trusted-types-for": ["'script'"],
    });
    expect(Object.fromEntries(headers)).toMatchObject({
      "cross-origin-opener-policy": "same-origin-allow-popups",
      "permissions-policy": expect.stringContaining("camera=()"),
      "referrer-policy": "same-origin",
      "strict-transport-security": "max-age=31536000",
      "x-content-type-options": "nosniff",
      "cache-control": expect.stringContaining("max-age=0"),
    });
  });

  it("answers for the function with headers of its own", async () => {
    const { headers } = await fetch(`${stage.site.url}/.netlify/functions/ably-token-request`);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("talks to Ably's own host, both ways, and nothing in it offends the policy", async () => {
    const url = stage.newRoom();
    const ada = await stage.open();
    const sockets: string[] = [];
    ada.page.on("websocket", (socket) => sockets.push(new URL(socket.url()).host));
    await ada.page.goto(url);
    await ada.connected();
    const bob = await stage.arrive(url);
    for (let i = 0; i < 5; i++) {
      await ada.say(`ada ${i}`);
      await bob.lines.getByText(`ada ${i}`).waitFor();
      await bob.say(`bob ${i}`);
      await ada.lines.getByText(`bob ${i}`).waitFor();
    }
    await bob.sees(bob.people, [await bob.name(), await ada.name()]);
    await ada.openRaw(ada.page.locator(".line").last());
    await ada.page.getByRole("button", { name: "Invite" }).click();
    await ada.page.locator("[data-qr] path").waitFor();
    await ada.page.getByRole("button", { name: "Close" }).click();
    expect(sockets).toEqual([ABLY]);
    expect(await ada.page.locator("[data-practice]").count()).toBe(0);
    expectNoComplaints();
  });

  it("keeps everything in its place while it connects", async () => {
    const visitor = await stage.open({ viewport: { width: 390, height: 844 } });
    await visitor.page.addInitScript(() => {
      let sum = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value;
      }).observe({ type: "layout-shift", buffered: true });
      Object.assign(window, { layoutShift: () => sum });
    });
    await visitor.page.goto(stage.newRoom());
    await visitor.connected();
    await visitor.page.getByText(/^Function ran/).waitFor();
    const shift = await visitor.page.evaluate(() =>
      (window as unknown as { layoutShift(): number }).layoutShift(),
    );
    // The room's name comes from the address, and moves the status beside it by a little.
    expect(shift).toBeLessThan(0.01);
  });

  it("calls the function once for all pages of a tab", async () => {
    const visitor = await stage.open();
    const calls: string[] = [];
    visitor.page.on("request", (request) => {
      if (request.url().includes("/ably-token-request?")) calls.push(request.url());
    });
    await visitor.page.goto(stage.newRoom());
    await visitor.connected();
    await visitor.page.reload();
    await visitor.connected();
    await visitor.page.goto(stage.newRoom());
    await visitor.connected();
    expect(calls).toHaveLength(1);
    expectNoComplaints();
  });

  it("forbids what the policy forbids", async () => {
    const { page, complaints } = await stage.arrive();
    // On a timer, because what DevTools evaluates may itself evaluate.
    const outcomes = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const outcomeOf = async (run: () => unknown) => {
            try {
              await run();
              return "done";
            } catch {
              return "refused";
            }
          };
          setTimeout(async () =>
            resolve({
              markup: await outcomeOf(() => (document.createElement("p").innerHTML = "<b>")),
              eval: await outcomeOf(() => new Function()),
              stranger: await outcomeOf(() => fetch("https://example.com")),
            }),
          );
        }),
    );
    expect(outcomes).toEqual({ markup: "refused", eval: "refused", stranger: "refused" });
    expect(complaints.length).toBeGreaterThanOrEqual(3);
  });

  it("where WebSockets are blocked tries HTTP in their place, and says that it could not connect", async () => {
    stage.site.network.blocksWebSockets = true;
    const visitor = await stage.open();
    const answers: (string | number)[][] = [];
    visitor.page.on("response", (response) => {
      const { host, pathname } = new URL(response.url());
      if (pathname.startsWith("/comet")) answers.push([host, pathname, response.status()]);
    });
    await visitor.page.goto(stage.newRoom());
    const problem = visitor.page.locator("[data-problem]");
    await problem.waitFor();
    expect(answers[0]).toEqual([ABLY, "/comet/connect", 404]);
    expect(await problem.innerText()).toMatch(/^Not connected/);
    expect(await visitor.page.locator("[data-status]").innerText()).toBe("Not connected");
  });

  it("does not blame the function when it is Ably that cannot be reached", async () => {
    await stage.site.ably.stop();
    const visitor = await stage.open();
    await visitor.page.goto(stage.newRoom());
    await visitor.page.locator("[data-problem]").getByText("Ably cannot be reached").waitFor();
    await visitor.page.locator('[data-step="function"][data-state="done"]').waitFor();
    await stage.site.ably.start();
    await visitor.retryUntilConnected();
  });

  it("survives that Ably stops and starts again: the gap is said, and nobody is lost", async () => {
    const url = stage.newRoom();
    const [ada, bob] = [await stage.arrive(url), await stage.arrive(url)];
    await ada.say("before");
    await bob.sees(bob.lines, ["before"]);
    await stage.site.ably.stop();
    for (const { page } of [ada, bob]) {
      await page.locator('[data-diagram][data-socket="broken"]').waitFor();
    }
    await ada.say("meanwhile");
    await stage.site.ably.start();
    for (const visitor of [ada, bob]) await visitor.retryUntilConnected();
    for (const visitor of [ada, bob]) {
      await visitor.page.getByText("messages may be missing here").waitFor();
      await visitor.sees(visitor.lines, ["before", "meanwhile"]);
      await expect.poll(() => visitor.people.count()).toBe(2);
    }
  });
});

describe.each([
  ["no key", "", "This site has no ABLY_API_KEY yet."],
  ["the placeholder", "Your Ably API key", "ABLY_API_KEY does not look like an Ably key"],
])("deployed with %s", (_what, key, sentence) => {
  const stage = setStage(() => startServe(key));

  it("says what to do on the page itself", async () => {
    const { page } = await stage.open();
    await page.goto(stage.site.url);
    const problem = page.locator("[data-problem]");
    await problem.getByText("One step left: your Ably key").waitFor();
    // The build is served on this computer, so the page names its file.
    await problem.getByText("Write this line into the file .env").waitFor();
    expect(await problem.innerText()).toContain(sentence);
  });
});
