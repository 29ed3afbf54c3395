import Ably from "ably";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { launchChromium } from "./chromium.ts";
import { type DevServer, startDev } from "./dev-server.ts";
import { Visitor } from "./visitor.ts";

/** What a file of browser tests plays on: a dev server, a browser, and who came. */
export class Stage {
  dev!: DevServer;
  browser!: Browser;
  readonly visitors: Visitor[] = [];
  #rooms = 0;

  /** A room of its own for each test. */
  newRoom(): string {
    return `${this.dev.url}/?room=test-${this.#rooms++}`;
  }

  /** A page that has gone nowhere yet, for a test that first says what it will meet. */
  async open(options?: BrowserContextOptions): Promise<Visitor> {
    const context = await this.browser.newContext(options);
    const visitor = new Visitor(await context.newPage());
    this.visitors.push(visitor);
    return visitor;
  }

  /** A page that is connected, in the default room or at the given address. */
  async arrive(url: string = this.dev.url, options?: BrowserContextOptions): Promise<Visitor> {
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
    const { port } = new URL(this.dev.url);
    return {
      authUrl: `${this.dev.url}/.netlify/functions/ably-token-request`,
      authParams: { clientId },
      endpoint: "localhost",
      port: Number(port),
      tls: false,
    };
  }
}

/** Sets the stage for all tests of a file, and sends everyone home after each. */
export function setStage(start = () => startDev()): Stage {
  const stage = new Stage();
  beforeAll(async () => {
    [stage.dev, stage.browser] = await Promise.all([start(), launchChromium()]);
  });
  afterEach(() => Promise.all(stage.visitors.splice(0).map((visitor) => visitor.goAway())));
  afterAll(async () => {
    await stage.browser?.close();
    await stage.dev?.stop();
  });
  return stage;
}
