import { afterEach, beforeEach, vi } from "vitest";

/** A tab's storage, whose entries are its own enumerable properties, as in a browser. */
export class TabStorage {
  [name: string]: unknown;
  #isFull = false;
  #lastWrite: [key: string, value: string] = ["", ""];

  getItem(key: string): string | null {
    return Object.hasOwn(this, key) ? String(this[key]) : null;
  }

  setItem(key: string, value: string): void {
    if (this.#isFull) throw new DOMException("full", "QuotaExceededError");
    this.#lastWrite = [key, value];
    this[key] = value;
  }

  removeItem(key: string): void {
    Reflect.deleteProperty(this, key);
  }

  /** From now on it accepts nothing. */
  fill(): void {
    this.#isFull = true;
  }

  lastWrite(): [key: string, value: string] {
    return this.#lastWrite;
  }
}

/** Gives each test of a file an empty `sessionStorage`. Returns the function that reads it. */
export function useTabStorage(): () => TabStorage {
  let storage = new TabStorage();
  beforeEach(() => {
    storage = new TabStorage();
    vi.stubGlobal("sessionStorage", storage);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  return () => storage;
}
