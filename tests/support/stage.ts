import Ably from "ably";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { launchChromium } from "./chromium.ts";
import { startDev } from "./dev-server.ts";
import type { Site } from "./site.ts";
import { Visitor } from "./visitor.ts";

/** What a file of browser tests plays on: a site, a browser, and who came. */
export class Stage<ThisSite extends Site = Site> {
  site!: ThisSite;
  browser!: Browser;
  readonly visitors: Visitor[] = [];
  #rooms = 0;

  /** A room of its own for each test. */
  newRoom(): string {
    return `${this.site.url}/?room=test-${this.#rooms++}`;
  }

  /** A page that has gone nowhere yet, for a test that first says what it will meet. */
  async open(options?: BrowserContextOptions): Promise<Visitor> {
    const context = await this.browser.newContext(options);
    const visitor = new Visitor(await context.newPage());
    this.visitors.push(visitor);
    return visitor;
  }

  /** A page that is connected, in the default room or at the given address. */
  async arrive(url: string = this.site.url, options?: BrowserContextOptions): Promise<Visitor> {
    const visitor = await this.open(options);
    await visitor.page.goto(url);
    return visitor.connected();
  }

  /** Someone without this page, who has a token of the function's. */
  stranger(): Ably.Rest {
    return new Ably.Rest(this.#optionsFor("stranger"));
  }

  /** The same, with a connection. Close it. */
  watcher(): Ably.Realtime {
    return new Ably.Realtime(this.#optionsFor("watcher"));
  }

  #optionsFor(clientId: string): Ably.ClientOptions {
    const { port } = new URL(this.site.url);
    return {
      authUrl: `${this.site.url}/.netlify/functions/ably-token-request`,
      authParams: { clientId },
      endpoint: "localhost",
      port: Number(port),
      tls: false,
    };
  }
}

/** Sets the stage for all tests of a file, and sends everyone home after each. */
export function setStage(): Stage;
export function setStage<ThisSite extends Site>(start: () => Promise<ThisSite>): Stage<ThisSite>;
export function setStage(start: () => Promise<Site> = () => startDev()): Stage {
  const stage = new Stage();
  beforeAll(async () => {
    stage.site = await start();
    stage.browser = await launchChromium(stage.site.chromiumArgs);
  });
  afterEach(() => Promise.all(stage.visitors.splice(0).map((visitor) => visitor.goAway())));
  afterAll(async () => {
    await stage.browser?.close();
    await stage.site?.stop();
  });
  return stage;
}
