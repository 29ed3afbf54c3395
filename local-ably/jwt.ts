/** Compact JWTs with HS256, the only algorithm of Ably's keys. RFC 7519 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { assert } from "./error.ts";
import { type Fields, decode, isRecord } from "./format.ts";

const INVALID = "The token is not a JWT signed with HS256 by one of the keys.";
const sign = (text: string, secret: string): string =>
  createHmac("sha256", secret).update(text).digest("base64url");

export function signJwt(kid: string, secret: string, claims: object): string {
  const parts = [{ alg: "HS256", typ: "JWT", kid }, claims];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return [...signed, sign(signed.join("."), secret)].join(".");
}

export function readJwt(token: string, secretOf: (kid: string) => string) {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const { alg, kid } = parse(header);
  assert(alg === "HS256" && typeof kid === "string", 40144, INVALID);
  const expected = sign(`${header}.${payload}`, secretOf(kid));
  assert(isEqualSecret(signature, expected), 40144, INVALID);
  return { kid, claims: parse(payload) };
}

export function isEqualSecret(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function parse(part: string): Fields {
  const value = decode(Buffer.from(part, "base64url"), "json", "The token", 40144);
  assert(isRecord(value), 40144, INVALID);
  return value;
}
