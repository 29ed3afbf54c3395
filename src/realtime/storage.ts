/** KEPT. What the browser stores for this tab, and for all tabs of the site. */

/** The parts of a key. Each is encoded, so that no two keys are written alike. */
type Key = readonly string[];

/** A browser's storage that never throws: it may be full, or forbidden by the browser's settings. */
export class SafeStorage {
  #storage: Storage | undefined;

  constructor(storage: Storage | undefined) {
    this.#storage = storage;
  }

  read(...key: Key): string | undefined {
    return this.#try((storage) => storage.getItem(encode(key))) ?? undefined;
  }

  /** Returns false if the browser could not store the text. */
  write(text: string, ...key: Key): boolean {
    return this.#try((storage) => storage.setItem(encode(key), text) ?? true) ?? false;
  }

  remove(...key: Key): void {
    this.#try((storage) => storage.removeItem(encode(key)));
  }

  /** Returns the texts of all keys that start with these parts and have more. */
  list(...start: Key): string[] {
    return this.#keys(start).map((key) => this.#try((storage) => storage.getItem(key)) ?? "");
  }

  /** Deletes all keys that start with these parts and have more. */
  removeAll(...start: Key): void {
    for (const key of this.#keys(start)) this.#try((storage) => storage.removeItem(key));
  }

  /** Deletes everything, and stores nothing more until the page loads again. */
  end(): void {
    this.#try((storage) => storage.clear());
    this.#storage = undefined;
  }

  #keys(start: Key): string[] {
    const prefix = `${encode(start)}/`;
    const keys = this.#try((storage) => Object.keys(storage)) ?? [];
    return keys.filter((key) => key.startsWith(prefix));
  }

  #try<Result>(use: (storage: Storage) => Result): Result | undefined {
    try {
      return this.#storage && use(this.#storage);
    } catch {
      return undefined;
    }
  }
}

export type Storages = { tab: SafeStorage; site: SafeStorage };

/** @param source Where the two storages are. A test brings its own. */
export function openStorages(source: Pick<Window, keyof WindowStorages> = globalThis): Storages {
  return {
    tab: new SafeStorage(find(source, "sessionStorage")),
    site: new SafeStorage(find(source, "localStorage")),
  };
}

type WindowStorages = WindowSessionStorage & WindowLocalStorage;

/** Where the browser's settings forbid storage, the property throws or is null. */
function find(source: WindowStorages, name: keyof WindowStorages): Storage | undefined {
  try {
    return source[name];
  } catch {
    return undefined;
  }
}

/** Returns undefined for text that is not JSON. */
export function parseJson(text = ""): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `encodeURIComponent` throws for half of a surrogate pair. */
function encode(key: Key): string {
  return key.map((part) => encodeURIComponent(part.replace(/\p{Cs}/gu, "\ufffd"))).join("/");
}
