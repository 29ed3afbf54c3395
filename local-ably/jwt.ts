/** Compact JWTs with HS256, the one algorithm that Ably's keys sign. RFC 7519 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { AblyError } from "./error.ts";
import { isRecord } from "./protocol.ts";

export function signJwt(kid: string, claims: Record<string, unknown>, secret: string): string {
  const signed = `${toPart({ alg: "HS256", typ: "JWT", kid })}.${toPart(claims)}`;
  return `${signed}.${hs256(signed, secret).toString("base64url")}`;
}

/**
 * The claims of a JWT that a key has signed. `secretOf` finds that key, or throws.
 * Throws 40144 for what is no JWT or was not signed so.
 */
export function verifyJwt(
  token: string,
  secretOf: (kid: string) => string,
): { kid: string; claims: Record<string, unknown> } {
  const [header = "", payload = "", signature = "", ...rest] = token.split(".");
  const { alg, kid } = fromPart(header);
  if (alg !== "HS256" || typeof kid !== "string" || rest.length > 0) throw invalid();
  const expected = hs256(`${header}.${payload}`, secretOf(kid));
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw invalid();
  return { kid, claims: fromPart(payload) };
}

function hs256(text: string, secret: string): Buffer {
  return createHmac("sha256", secret).update(text).digest();
}

function toPart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function fromPart(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    if (isRecord(value)) return value;
  } catch {
    // Not JSON: the same refusal.
  }
  throw invalid();
}

function invalid(): AblyError {
  return new AblyError(40144, 401, "The token is not a JWT signed with HS256 by one of the keys.");
}
