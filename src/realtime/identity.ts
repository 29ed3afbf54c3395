/**
 * Who this tab is. Each tab is a person of its own, so that two tabs can talk, and stays that
 * person across reloads. (A duplicated tab inherits its identity, and shows as one person twice.)
 */
export type Identity = { clientId: string; name: string };

export function loadIdentity(storage: Storage | undefined = readStorage()): Identity {
  const stored = storage?.getItem("clientId") ?? "";
  const identity = {
    // The inline script of index.html has made one, and a name. The function would refuse any
    // other, at each reload.
    clientId: /^[\w-]{1,128}$/.test(stored)
      ? stored
      : `guest-${Math.random().toString(36).slice(2)}`,
    name: storage?.getItem("name") || "Guest",
  };
  saveIdentity(identity, storage);
  return identity;
}

/** Keeps a changed name for this tab's next reload. */
export function saveIdentity({ clientId, name }: Identity, storage = readStorage()): void {
  try {
    storage?.setItem("clientId", clientId);
    storage?.setItem("name", name);
  } catch {
    // It is full: the next reload is a new person.
  }
}

/** Storage throws where the browser's settings forbid it: then the tab is a new person each time. */
function readStorage(): Storage | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}
