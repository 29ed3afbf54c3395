import { type Storages, openStorages } from "../../src/realtime/storage.ts";

/** A browser's storage, whose entries are its own enumerable properties, as in a browser. */
class FakeStorage {
  [name: string]: unknown;
  #isFull = false;

  getItem(key: string): string | null {
    return Object.hasOwn(this, key) ? String(this[key]) : null;
  }

  setItem(key: string, value: string): void {
    if (this.#isFull) throw new DOMException("full", "QuotaExceededError");
    this[key] = value;
  }

  removeItem(key: string): void {
    Reflect.deleteProperty(this, key);
  }

  clear(): void {
    for (const key of Object.keys(this)) this.removeItem(key);
  }

  /** From now on it accepts nothing. */
  fill(): void {
    this.#isFull = true;
  }

  /** Returns what a duplicated tab starts with. */
  copy(): FakeStorage {
    return Object.assign(new FakeStorage(), this);
  }
}

/** The storage of a tab, and what it shares with the other tabs of its browser. */
export type FakeStorages = { sessionStorage: FakeStorage; localStorage: FakeStorage };

export function createStorages(localStorage = new FakeStorage()): FakeStorages {
  return { sessionStorage: new FakeStorage(), localStorage };
}

/** Opens them as a page load does. */
export function openFake(storages: FakeStorages): Storages {
  return openStorages(storages as unknown as Pick<Window, "sessionStorage" | "localStorage">);
}
