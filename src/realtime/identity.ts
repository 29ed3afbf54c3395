/**
 * Who this tab is. Each tab is a person of its own, so that two tabs can talk, and stays that
 * person across reloads. (A duplicated tab inherits its identity, and shows as one person twice.)
 */
export type Identity = { clientId: string; name: string };

const STORAGE_KEY = "identity";

const FIRST = "Amber Azure Bright Calm Coral Happy Jade Lucky Merry Ruby";
const SECOND = "Beaver Crane Deer Finch Heron Lynx Otter Panda Robin Seal";

export function loadIdentity(storage: Storage | undefined = readStorage()): Identity {
  const stored = parse(storage?.getItem(STORAGE_KEY) ?? "");
  if (stored) return stored;
  const identity = newIdentity();
  saveIdentity(identity, storage);
  return identity;
}

/** Keeps a changed name for this tab's next reload. */
export function saveIdentity(identity: Identity, storage = readStorage()): void {
  storage?.setItem(STORAGE_KEY, JSON.stringify(identity));
}

function newIdentity(): Identity {
  const name = `${pick(FIRST)} ${pick(SECOND)}`;
  const tail = [...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(36));
  return { name, clientId: `${name.toLowerCase().replace(" ", "-")}-${tail.join("")}` };
}

function pick(words: string): string {
  const list = words.split(" ");
  return list[Math.floor(Math.random() * list.length)] ?? "";
}

function parse(json: string): Identity | undefined {
  try {
    const { clientId, name } = JSON.parse(json) as Partial<Identity>;
    // The function would refuse any other, at each reload.
    if (/^[\w-]{1,128}$/.test(`${clientId}`) && name) {
      return { clientId: `${clientId}`, name: `${name}` };
    }
  } catch {
    // Nothing stored, or not by this page: a new identity.
  }
  return undefined;
}

/** Storage throws where the browser's settings forbid it: then the tab is a new person each time. */
function readStorage(): Storage | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}
