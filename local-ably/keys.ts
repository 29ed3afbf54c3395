import { LOCAL_ABLY_KEY } from "../netlify/functions/ably-token-request/key.ts";
import type { Key } from "./auth.ts";
import { parseCapability } from "./capability.ts";
import { check } from "./error.ts";
import { isRecord } from "./format.ts";

const [name = "", secret = ""] = LOCAL_ABLY_KEY.split(":");

/** The one key that the token function signs with when there is no `ABLY_API_KEY`. */
export const LOCAL_KEYS: Key[] = [{ name, secret, capability: { "*": ["*"] } }];

/**
 * `LOCAL_ABLY_KEYS`: `[{ "name": "appId.keyId", "secret": "…", "capability": { "*": ["*"] } }]`.
 * None, or blank, means the local key. Throws a sentence that says what is wrong with it.
 */
export function readKeys(json: string | undefined): Key[] {
  if (!json?.trim()) return LOCAL_KEYS;
  try {
    const keys: unknown = JSON.parse(json);
    check(Array.isArray(keys) && keys.length > 0, 40000, "It is not an array of keys.");
    return keys.map(readKey);
  } catch (error) {
    throw new Error(`LOCAL_ABLY_KEYS cannot be read. ${(error as Error).message}`);
  }
}

function readKey(key: unknown): Key {
  check(isRecord(key), 40000, "A key is not an object.");
  const { name, secret, capability = { "*": ["*"] } } = key;
  const isName = typeof name === "string" && /^[^.:]+\.[^.:]+$/.test(name);
  check(isName, 40000, "A key's name is not appId.keyId.");
  check(typeof secret === "string" && secret, 40000, `Key ${name} has no secret.`);
  return { name, secret, capability: parseCapability(capability) };
}
