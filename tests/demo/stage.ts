/** The demo's page in browser tests: visitors who meet in rooms. */
import Ably from "ably";
import type { BrowserContextOptions } from "playwright-core";
import { beforeEach } from "vitest";
import { type Site, Stage as PageStage, prepare } from "../support/stage.ts";
import { Visitor } from "./visitor.ts";

export class Stage<ThisSite extends { url: string } = Site> extends PageStage<ThisSite> {
  readonly visitors: Visitor[] = [];
  #stranger: Ably.Rest | undefined;

  /** Returns the address of a room that no other test uses. */
  newRoom(): string {
    return `${this.site.url}/?room=test-${crypto.randomUUID().slice(0, 8)}`;
  }

  /** Opens a blank page, for a test that prepares it before it goes to the site. */
  async open(options?: BrowserContextOptions): Promise<Visitor> {
    const page = await this.openPage(options);
    const visitor = new Visitor(page, this.complaints.get(page));
    this.visitors.push(visitor);
    return visitor;
  }

  /** Opens a page at this address, and waits until it is connected. */
  async arrive(url: string = this.newRoom(), options?: BrowserContextOptions): Promise<Visitor> {
    const visitor = await this.open(options);
    await visitor.page.goto(url);
    return visitor.connected();
  }

  /** Returns a client without a page and without a connection. The function signs its token requests. */
  stranger(): Ably.Rest {
    this.#stranger ??= new Ably.Rest(this.#optionsFor("stranger"));
    return this.#stranger;
  }

  /** Returns the channel of a room, as `stranger()` sees it. */
  channelOf(roomUrl: string): Ably.Channel {
    const room = new URL(roomUrl).searchParams.get("room");
    return this.stranger().channels.get(`room:${room}`);
  }

  /** Says many texts in a room at once, as somebody without a page. */
  async sayAll(roomUrl: string, texts: string[]): Promise<void> {
    const messages = texts.map((text) => ({ name: "chat-message", data: { text } }));
    await this.channelOf(roomUrl).publish(messages);
  }

  /** Returns a client without a page, but with a connection. The test closes it. */
  watcher(clientId = "watcher"): Ably.Realtime {
    return new Ably.Realtime(this.#optionsFor(clientId));
  }

  #optionsFor(clientId: string): Ably.ClientOptions {
    const { port } = new URL(this.site.url);
    return {
      authUrl: `${this.site.url}/.netlify/functions/ably-token-request`,
      authParams: { clientId },
      endpoint: "localhost",
      port: Number(port),
      tls: false,
      // The server closes an idle socket after 5 s, perhaps while a request is on its way to it.
      restAgentOptions: { keepAlive: false },
    };
  }
}

/**
 * Prepares the stage for all tests of a file, and closes the visitors' pages after each test.
 * @param start Starts a site for this file alone. Without it, the file uses the shared one.
 */
export function setStage(): Stage<{ url: string }>;
export function setStage<ThisSite extends Site>(start: () => Promise<ThisSite>): Stage<ThisSite>;
export function setStage(start?: () => Promise<Site>): Stage<{ url: string }> {
  const stage = new Stage<{ url: string }>();
  beforeEach(() => {
    stage.visitors.length = 0;
  });
  return prepare(stage, start);
}
