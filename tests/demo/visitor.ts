import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { goAway } from "../support/stage.ts";

/** One person with the demo's page. */
export class Visitor {
  readonly page: Page;
  /** Errors and warnings of the page's console. */
  readonly complaints: string[];

  constructor(page: Page, complaints: string[] = []) {
    this.page = page;
    this.complaints = complaints;
  }

  /** Resolves when the page says that it is connected, and shows its own person as here. */
  async connected(): Promise<this> {
    await this.page.locator("[data-status]", { hasText: /^Connected$/ }).waitFor();
    await this.page.locator("[data-people] .person", { hasText: "you" }).waitFor();
    return this;
  }

  get lines(): Locator {
    return this.page.locator("[data-messages] .text");
  }

  get people(): Locator {
    return this.page.locator("[data-people] [data-name]");
  }

  async say(text: string): Promise<void> {
    await this.page.fill("[data-text]", text);
    await this.page.keyboard.press("Enter");
  }

  /** Presses "Try again" whenever the page waits, until it is connected. */
  async retryUntilConnected(): Promise<void> {
    await this.retryUntil(this.page.locator("[data-status]", { hasText: /^Connected$/ }));
  }

  /** Presses "Try again" whenever the page waits, until it shows something. */
  async retryUntil(shown: Locator): Promise<void> {
    const status = this.page.locator("[data-status]");
    const retry = this.page.locator("[data-retry]");
    await expect
      .poll(async () => {
        // Not while it connects: Netlify's CLI crashes if a socket closes before it is proxied.
        const state = await status.getAttribute("data-state");
        const isTrying = state === "connecting" || state === "connected";
        if (!isTrying) await retry.evaluate((button: HTMLElement) => button.click());
        return shown.count();
      })
      .toBeGreaterThan(0);
  }

  /** Does a fault for real, through the page's own practice drawer. */
  async practise(label: string): Promise<void> {
    const drawer = this.page.locator("[data-practice]");
    await drawer.evaluate((element: HTMLDetailsElement) => void (element.open = true));
    await drawer.getByRole("button", { name: label, exact: true }).click();
    await drawer.getByText(`${label}: done.`).waitFor();
  }

  /** Waits until exactly these texts stand in the list, in this order. */
  async sees(locator: Locator, texts: string[]): Promise<void> {
    await expect.poll(() => locator.allInnerTexts()).toEqual(texts);
  }

  /** Gives this person another name, through the page's own dialog. */
  async rename(name: string): Promise<void> {
    await this.page.locator("[data-open-rename]").click();
    await this.page.fill("[data-name-input]", name);
    await this.page.keyboard.press("Enter");
  }

  /** Opens the Ably message of a line, and returns its JSON. */
  async openRaw(line: Locator): Promise<string> {
    await line.hover();
    await line.locator("[data-raw] summary").click();
    await line.locator("[data-json]", { hasText: "{" }).waitFor();
    return line.locator("[data-json]").innerText();
  }

  async name(): Promise<string> {
    return this.page
      .locator("[data-people] .person", { hasText: "you" })
      .locator("[data-name]")
      .innerText();
  }

  goAway(): Promise<void> {
    return goAway(this.page);
  }
}
