import { expect } from "vitest";
import type { Visitor } from "../../../tests/support/visitor.ts";

type Witnessed = { delivered: string[]; statuses: string[]; sockets: string[] };

/**
 * Keeps, in the page itself, each message in the order in which the page showed it as delivered,
 * and each thing that the page said of its connection. Call it before the page is opened.
 */
export async function witness({ page }: Visitor): Promise<void> {
  await page.addInitScript(() => {
    const seen = new Set<string>();
    const witnessed: Witnessed = { delivered: [], statuses: [], sockets: [] };
    Object.assign(window, { witnessed });
    const keep = (list: string[], text = "") => {
      if (text && list.at(-1) !== text) list.push(text);
    };
    const look = () => {
      for (const line of document.querySelectorAll<HTMLElement>(".line[data-id]")) {
        // With its raw side it has come from Ably: it is where it stays.
        const { id = "" } = line.dataset;
        if (seen.has(id) || line.querySelector<HTMLElement>("[data-raw]")?.hidden) continue;
        seen.add(id);
        witnessed.delivered.push(line.querySelector("[data-body]")?.textContent ?? "");
      }
      keep(witnessed.statuses, document.querySelector("[data-status]")?.textContent ?? "");
      keep(witnessed.sockets, document.querySelector<HTMLElement>("[data-path]")?.dataset.socket);
    };
    new MutationObserver(look).observe(document, {
      subtree: true,
      childList: true,
      attributes: true,
      characterData: true,
    });
  });
}

export function witnessed({ page }: Visitor): Promise<Witnessed> {
  return page.evaluate(() => (window as unknown as { witnessed: Witnessed }).witnessed);
}

/** Forgets what the page said of its connection so far. */
export async function lookAway({ page }: Visitor): Promise<void> {
  await page.evaluate(() => {
    const { witnessed: kept } = window as unknown as { witnessed: Witnessed };
    kept.statuses.length = kept.sockets.length = 0;
  });
}

/** Types and sends a text without the wait of a real keyboard. */
export async function sayAtOnce({ page }: Visitor, text: string): Promise<void> {
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
      .poll(async () => (await witnessed(visitor)).delivered.length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(texts.length);
  }
  const [first, ...others] = await Promise.all(visitors.map(witnessed));
  expect(first?.delivered.toSorted()).toEqual(texts.toSorted());
  for (const other of others) expect(other.delivered).toEqual(first?.delivered);
}

/** What was said by one page, in the order in which the others have it. */
export function inOrder(delivered: string[], prefix: string): string[] {
  return delivered.filter((text) => text.startsWith(prefix));
}
