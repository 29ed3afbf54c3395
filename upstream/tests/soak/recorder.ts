import { expect } from "vitest";
import type { Visitor } from "../../../tests/demo/visitor.ts";

type Recorded = { delivered: string[]; statuses: string[]; sockets: string[] };

/**
 * Records in the page itself each message, in the order in which the page showed it as delivered,
 * and each connection state that the page showed. Call it before the page is opened.
 */
export async function record({ page }: Visitor): Promise<void> {
  await page.addInitScript(() => {
    const seen = new WeakSet<Element>();
    const recorded: Recorded = { delivered: [], statuses: [], sockets: [] };
    Object.assign(window, { recorded });
    const keep = (list: string[], text = "") => {
      if (text && list.at(-1) !== text) list.push(text);
    };
    const look = () => {
      for (const line of document.querySelectorAll(".line")) {
        // With its raw side it has come from Ably: it is where it stays.
        if (seen.has(line) || line.querySelector<HTMLElement>("[data-raw]")?.hidden) continue;
        seen.add(line);
        recorded.delivered.push(line.querySelector("[data-body]")?.textContent ?? "");
      }
      keep(recorded.statuses, document.querySelector("[data-status]")?.textContent ?? "");
      keep(recorded.sockets, document.querySelector<HTMLElement>("[data-diagram]")?.dataset.socket);
    };
    new MutationObserver(look).observe(document, {
      subtree: true,
      childList: true,
      attributes: true,
      characterData: true,
    });
  });
}

export function recorded({ page }: Visitor): Promise<Recorded> {
  return page.evaluate(() => (window as unknown as { recorded: Recorded }).recorded);
}

/** Forgets what the page said of its connection so far. */
export async function clearStates({ page }: Visitor): Promise<void> {
  await page.evaluate(() => {
    const { recorded: kept } = window as unknown as { recorded: Recorded };
    kept.statuses.length = kept.sockets.length = 0;
  });
}

/** Types and sends a text without the wait of a real keyboard. */
export async function sayImmediately({ page }: Visitor, text: string): Promise<void> {
  await page.evaluate((said) => {
    const input = document.querySelector<HTMLInputElement>("[data-text]");
    if (input) input.value = said;
    document.querySelector<HTMLFormElement>("[data-composer]")?.requestSubmit();
  }, text);
}

/** Waits until each page has shown these texts, each once, and all in one order. */
export async function expectSameOnAll(visitors: Visitor[], texts: string[]): Promise<void> {
  for (const visitor of visitors) {
    await expect
      .poll(async () => (await recorded(visitor)).delivered.length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(texts.length);
  }
  const [first, ...others] = await Promise.all(visitors.map(recorded));
  expect(first?.delivered.toSorted()).toEqual(texts.toSorted());
  for (const other of others) expect(other.delivered).toEqual(first?.delivered);
}

/** What was said by one page, in the order in which the others have it. */
export function inOrder(delivered: string[], prefix: string): string[] {
  return delivered.filter((text) => text.startsWith(prefix));
}
