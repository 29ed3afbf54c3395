/** Compact JWTs with HS256, the one algorithm that Ably's keys sign. RFC 7519 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { AblyError } from "./error.ts";
import { isRecord } from "./protocol.ts";

export type Claims = Record<string, unknown>;

export function signJwt(kid: string, claims: Claims, secret: string): string {
  const parts = [{ alg: "HS256", typ: "JWT", kid }, claims];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return [...signed, sign(signed.join("."), secret)].join(".");
}

/** The claims of a JWT, and the key that signed it, which `secretOf` finds. Throws 40144. */
export function verifyJwt(
  token: string,
  secretOf: (kid: string) => string,
): { kid: string; claims: Claims } {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const { alg, kid } = parse(header);
  if (alg !== "HS256" || typeof kid !== "string") throw invalid();
  if (!equal(signature, sign(`${header}.${payload}`, secretOf(kid)))) throw invalid();
  return { kid, claims: parse(payload) };
}

/** Compares secrets in a time that tells nothing of them. */
export function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function sign(text: string, secret: string): string {
  return createHmac("sha256", secret).update(text).digest("base64url");
}

function parse(part: string): Claims {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    if (isRecord(value)) return value;
  } catch {
    // Not JSON: the same refusal.
  }
  throw invalid();
}

function invalid(): AblyError {
  return new AblyError(40144, 401, "The token is not a JWT signed with HS256 by one of the keys.");
}
