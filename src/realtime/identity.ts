/**
 * Who this tab is. Each tab is a person of its own, so that two tabs can talk, and stays that
 * person across reloads. (A duplicated tab inherits its identity, and shows as one person twice.)
 */
export type Identity = { clientId: string; name: string };

const STORAGE_KEY = "identity";

const COLOURS = ["Amber", "Azure", "Coral", "Golden", "Ivory", "Jade", "Lilac", "Ruby", "Silver"];
const ANIMALS = ["Badger", "Crane", "Dolphin", "Fox", "Heron", "Lynx", "Otter", "Owl", "Panda"];

export function loadIdentity(storage: Storage | undefined = readStorage()): Identity {
  const stored = parse(storage?.getItem(STORAGE_KEY) ?? "");
  if (stored) return stored;
  const identity = newIdentity();
  storage?.setItem(STORAGE_KEY, JSON.stringify(identity));
  return identity;
}

function newIdentity(): Identity {
  const name = `${pick(COLOURS)} ${pick(ANIMALS)}`;
  const tail = [...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(36));
  return { name, clientId: `${name.toLowerCase().replace(" ", "-")}-${tail.join("")}` };
}

function pick(list: readonly string[]): string {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return list[random % list.length] ?? "";
}

function parse(json: string): Identity | undefined {
  try {
    const { clientId, name } = JSON.parse(json) as Partial<Identity>;
    if (typeof clientId === "string" && typeof name === "string") return { clientId, name };
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
