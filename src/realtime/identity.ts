/**
 * KEPT. Who this tab is. Each tab is a person of its own, so that two tabs can talk to each other,
 * and stays that person across reloads. A duplicated tab copies the identity of its original.
 */
import { cleanName, makeName } from "./names.ts";
import { type Storages, openStorages } from "./storage.ts";

export type Identity = { clientId: string; name: string };

/** The page's own client IDs. The function accepts more: see client-id.ts there. */
const CLIENT_ID = /^[\w-]{1,128}$/;

/** Returns the identity that this tab has stored, or a new one, which it stores. */
export function loadIdentity({ tab }: Pick<Storages, "tab"> = openStorages()): Identity {
  const clientId = tab.read("clientId") ?? "";
  const identity = {
    clientId: CLIENT_ID.test(clientId) ? clientId : `guest-${randomId().slice(0, 12)}`,
    name: cleanName(tab.read("name") ?? "") ?? makeName(),
  };
  saveIdentity(identity, { tab });
  return identity;
}

/** Stores the identity for the next load of this tab. Where storage is full, the next load is a new person. */
export function saveIdentity(
  { clientId, name }: Identity,
  { tab }: Pick<Storages, "tab"> = openStorages(),
): void {
  tab.write(clientId, "clientId");
  tab.write(name, "name");
}

/** Returns 32 random hexadecimal digits. `crypto.randomUUID` is missing on pages without TLS. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
