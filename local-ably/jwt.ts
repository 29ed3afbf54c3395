/** Compact JWTs with HS256, the one algorithm that Ably's keys sign. RFC 7519 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { check } from "./error.ts";
import { decode, isRecord } from "./format.ts";

const SENTENCE = "The token is not a JWT signed with HS256 by one of the keys.";

type Claims = Record<string, unknown>;

export function signJwt(kid: string, claims: Claims, secret: string): string {
  const parts = [{ alg: "HS256", typ: "JWT", kid }, claims];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return [...signed, sign(signed.join("."), secret)].join(".");
}

/** What a JWT says, which is true only if it is signed by the key that it names. Throws 40144. */
export function readJwt(token: string) {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const { alg, kid } = parse(header);
  check(alg === "HS256" && typeof kid === "string", 40144, SENTENCE);
  const checkSignature = (secret: string): void => {
    check(equal(signature, sign(`${header}.${payload}`, secret)), 40144, SENTENCE);
  };
  return { kid, claims: parse(payload), checkSignature };
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
  const value = decode(Buffer.from(part, "base64url"), "json", "The token", 40144);
  check(isRecord(value), 40144, SENTENCE);
  return value;
}
