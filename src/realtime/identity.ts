import { cleanName } from "./contract.ts";

/**
 * Who this tab is. Each tab is a person of its own, so that two tabs can talk to each other, and
 * stays that person across reloads. A duplicated tab copies the identity of its original.
 */
export type Identity = { clientId: string; name: string };

const ADJECTIVES =
  "Amber Azure Bold Bright Calm Clever Coral Gentle Golden Happy Jade Keen Lively Lucky Merry Quiet Ruby Silver Swift Witty";
const ANIMALS =
  "Badger Beaver Crane Deer Falcon Finch Gecko Heron Koala Lark Lynx Orca Otter Owl Panda Puffin Raven Robin Seal Swan";

/** The page's own client IDs. The function accepts more: see client-id.ts there. */
const CLIENT_ID = /^[\w-]{1,128}$/;

export function loadIdentity(storage: Storage | undefined = tabStorage()): Identity {
  const clientId = storage?.getItem("clientId") ?? "";
  const identity = {
    clientId: CLIENT_ID.test(clientId) ? clientId : `guest-${randomId().slice(0, 12)}`,
    name: cleanName(storage?.getItem("name") ?? "") ?? makeName(),
  };
  saveIdentity(identity, storage);
  return identity;
}

export function saveIdentity({ clientId, name }: Identity, storage = tabStorage()): void {
  try {
    storage?.setItem("clientId", clientId);
    storage?.setItem("name", name);
  } catch {
    // Storage is full: the next load of this tab is a new person.
  }
}

const requestedIds = new WeakMap<object, string>();

export function rememberClientId(client: object, clientId: string): void {
  requestedIds.set(client, clientId);
}

/** The client ID that this page asked for. Without one, the token's, which is unknown until then. */
export function requestedClientId(client: { auth: { clientId: string } }): string | undefined {
  return requestedIds.get(client) ?? client.auth.clientId;
}

/** A name such as "Ruby Otter". There are 400 of them. */
export function makeName(): string {
  return `${pick(ADJECTIVES)} ${pick(ANIMALS)}`;
}

export function isMadeUpName(name: string): boolean {
  const [adjective = "", animal = "", ...rest] = name.split(" ");
  const isListed = (list: string, word: string) => list.split(" ").includes(word);
  return rest.length === 0 && isListed(ADJECTIVES, adjective) && isListed(ANIMALS, animal);
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

function pick(words: string): string {
  const list = words.split(" ");
  return list[Math.floor(Math.random() * list.length)] ?? "";
}
