/** The API keys that local Ably knows. */
import { LOCAL_ABLY_KEY } from "../netlify/functions/ably-token-request/local-ably.ts";
import type { Key } from "./auth.ts";
import { parseCapability } from "./capability.ts";
import { assert } from "./error.ts";
import { isRecord } from "./format.ts";

const [name = "", secret = ""] = LOCAL_ABLY_KEY.split(":");

/** The key that the token function uses without an `ABLY_API_KEY`. */
export const LOCAL_KEYS: Key[] = [
  { name, secret, capability: { "*": ["*"] }, revocableTokens: true },
];

export function readKeys(json: string | undefined): Key[] {
  if (!json?.trim()) return LOCAL_KEYS;
  try {
    const keys: unknown = JSON.parse(json);
    assert(Array.isArray(keys) && keys.length > 0, 40000, "It must be an array of keys.");
    return keys.map(readKey);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Invalid LOCAL_ABLY_KEYS. ${reason} See local-ably/README.md.`);
  }
}

function readKey(key: unknown): Key {
  assert(isRecord(key), 40000, "A key must be an object.");
  const { name, secret, capability = { "*": ["*"] }, revocableTokens } = key;
  const isName = typeof name === "string" && /^[^.:]+\.[^.:]+$/.test(name);
  assert(isName, 40000, "The name of a key must be appId.keyId.");
  assert(typeof secret === "string" && secret, 40000, `Key ${name} needs a secret.`);
  const isRevocable = revocableTokens === true;
  return { name, secret, capability: parseCapability(capability), revocableTokens: isRevocable };
}
