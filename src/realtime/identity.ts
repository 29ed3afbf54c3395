/**
 * Who this tab is. Each tab is a person of its own, so that two tabs can talk to each other, and
 * stays that person across reloads. A duplicated tab copies the identity of its original.
 */
export type Identity = { clientId: string; name: string };

const ADJECTIVES =
  "Amber Azure Bold Bright Calm Clever Coral Crisp Fair Gentle Golden Happy Jade Jolly Keen Kind Lively Lucky Merry Noble Quick Quiet Rosy Ruby Silver Sunny Swift Teal Vivid Warm Wise Witty".split(
    " ",
  );
const ANIMALS =
  "Badger Beaver Crane Deer Dove Falcon Ferret Finch Fox Gecko Hare Heron Ibex Jay Koala Lark Lynx Mole Newt Orca Otter Owl Panda Puffin Raven Robin Seal Stork Swan Tapir Toad Wren".split(
    " ",
  );

/** The page's own client IDs. The function accepts more: see client-id.ts there. */
const CLIENT_ID = /^[\w-]{1,128}$/;

/** The identity of this tab, from `sessionStorage`, or a new one. */
export function loadIdentity(storage: Storage | undefined = tabStorage()): Identity {
  const clientId = storage?.getItem("clientId") ?? "";
  const identity = {
    clientId: CLIENT_ID.test(clientId) ? clientId : `guest-${randomId().slice(0, 12)}`,
    name: storage?.getItem("name")?.trim() || makeName(),
  };
  saveIdentity(identity, storage);
  return identity;
}

/** Keeps the identity for the next load of this tab. */
export function saveIdentity({ clientId, name }: Identity, storage = tabStorage()): void {
  try {
    storage?.setItem("clientId", clientId);
    storage?.setItem("name", name);
  } catch {
    // Storage is full: the next load of this tab is a new person.
  }
}

/** A name such as "Ruby Otter". There are 1,024 of them. */
export function makeName(): string {
  return `${pick(ADJECTIVES)} ${pick(ANIMALS)}`;
}

/** 32 random hexadecimal digits. `crypto.randomUUID` is missing on pages without TLS. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `sessionStorage`, or undefined where the browser's settings forbid it: reading it throws there. */
export function tabStorage(): Storage | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}

function pick(words: string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? "";
}
