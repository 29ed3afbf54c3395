import { LOCAL_ABLY_KEY } from "../netlify/functions/ably-token-request/key.ts";
import type { Key } from "./auth.ts";
import { parseCapability } from "./capability.ts";
import { isRecord } from "./protocol.ts";

const [name = "", secret = ""] = LOCAL_ABLY_KEY.split(":");

/** The one key that the token function signs with when there is no `ABLY_API_KEY`. */
export const LOCAL_KEYS: Key[] = [{ name, secret, capability: { "*": ["*"] } }];

/**
 * `LOCAL_ABLY_KEYS`: `[{ "name": "appId.keyId", "secret": "…", "capability": { "*": ["*"] } }]`.
 * None, or blank, means the local key. Throws a sentence that says what is wrong with it.
 */
export function readKeys(json: string | undefined): Key[] {
  if (!json?.trim()) return LOCAL_KEYS;
  const keys = parseJson(json);
  if (!Array.isArray(keys) || keys.length === 0) throw invalid("it is not a JSON array of keys");
  return keys.map((key: unknown) => {
    if (!isRecord(key)) throw invalid("a key is not an object");
    if (typeof key.name !== "string" || !/^[^.:]+\.[^.:]+$/.test(key.name)) {
      throw invalid("a key's name is not appId.keyId");
    }
    if (typeof key.secret !== "string" || key.secret === "") {
      throw invalid(`${key.name} has no secret`);
    }
    const capability = parseCapability(key.capability ?? { "*": ["*"] });
    return { name: key.name, secret: key.secret, capability };
  });
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw invalid("it is not JSON");
  }
}

function invalid(why: string): Error {
  return new Error(`LOCAL_ABLY_KEYS cannot be read: ${why}.`);
}
