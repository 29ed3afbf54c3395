/** Compact JWTs with HS256, the one algorithm that Ably's keys sign. RFC 7519 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { check } from "./error.ts";
import { decode, isRecord } from "./format.ts";

const SENTENCE = "The token is not a JWT signed with HS256 by one of the keys.";

export function signJwt(kid: string, secret: string, claims: object): string {
  const parts = [{ alg: "HS256", typ: "JWT", kid }, claims];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return [...signed, sign(signed.join("."), secret)].join(".");
}

/** What a JWT says. Throws 40144 unless it is signed with the secret of the key that it names. */
export function readJwt(token: string, secretOf: (kid: string) => string) {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const { alg, kid } = parse(header);
  check(alg === "HS256" && typeof kid === "string", 40144, SENTENCE);
  const isSigned = equal(signature, sign(`${header}.${payload}`, secretOf(kid)));
  check(isSigned, 40144, SENTENCE);
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

function parse(part: string): Record<string, unknown> {
  const value = decode(Buffer.from(part, "base64url"), "json", "The token", 40144);
  check(isRecord(value), 40144, SENTENCE);
  return value;
}
