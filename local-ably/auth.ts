/** Keys, token requests and tokens: who a caller is and what it may do. */
import { createHmac, randomBytes } from "node:crypto";
import { type Capability, intersect, parseCapability } from "./capability.ts";
import { AblyError } from "./error.ts";
import { equal, signJwt, verifyJwt } from "./jwt.ts";
import { isRecord } from "./protocol.ts";

/** One of Ably's API keys. `name` is `appId.keyId`. */
export type Key = { name: string; secret: string; capability: Capability };

/** Who a request or a connection comes from. `clientId` is `*` if it may speak for anyone. */
export type Identity = {
  keyName: string;
  clientId: string | undefined;
  capability: Capability;
  /** When its token expires, in ms since the epoch. A key does not. */
  expires?: number;
};

/** What a request came with: a whole key (`name:secret`), or a token. */
export type Credentials = { key?: string | undefined; token?: string | undefined };

const DEFAULT_TTL_MS = 60 * 60 * 1000;
const MAX_TTL_MS = 24 * 60 * 60 * 1000;
const TIMESTAMP_WINDOW_MS = 2 * 60 * 1000;
const MIN_NONCE_LENGTH = 16;

export class Auth {
  #keys: Key[];
  /** Nonces that were used, with the time from which their timestamp would be refused anyway. */
  #nonces = new Map<string, number>();

  constructor(keys: Key[]) {
    this.#keys = keys;
  }

  /** Who has these credentials. Throws Ably's code for each way in which they are wrong. */
  identify({ key, token }: Credentials): Identity {
    if (token) return this.#identifyByToken(token);
    if (!key) throw new AblyError(40101, 401, "There is no key and no token: send one of them.");
    const { name, capability } = this.#checkSecret(key);
    return { keyName: name, clientId: "*", capability };
  }

  /**
   * `POST /keys/{keyName}/requestToken`: a token for a signed TokenRequest, or for one that came
   * with the key itself. https://ably.com/docs/api/token-request-spec
   */
  requestToken(keyName: string, body: unknown, credentials: Credentials) {
    const key = this.#findKey(keyName);
    if (!isRecord(body)) throw new AblyError(40000, 400, "The token request is not an object.");
    const ttl = parseTtl(body.ttl);
    const asked = body.capability ? parseCapability(body.capability) : key.capability;
    const clientId = typeof body.clientId === "string" ? body.clientId : undefined;
    if (clientId === "") throw new AblyError(40012, 400, "The clientId is empty: leave it out.");

    if (typeof body.mac === "string") this.#checkSignature(key, body);
    else if (this.#checkSecret(credentials.key ?? "").name !== keyName) {
      throw new AblyError(40101, 401, "The key is not the one that the token is asked of.");
    }

    const capability = JSON.stringify(intersect(key.capability, asked));
    const issued = Date.now();
    const expires = issued + ttl;
    const claims = {
      iat: issued / 1000,
      exp: expires / 1000,
      jti: randomBytes(9).toString("base64url"),
      "x-ably-capability": capability,
      "x-ably-clientId": clientId,
    };
    return {
      token: signJwt(keyName, claims, key.secret),
      keyName,
      issued,
      expires,
      capability,
      clientId,
    };
  }

  /** Every token is a JWT: those that local Ably issues, and those that an app signs by itself. */
  #identifyByToken(token: string): Identity {
    if (!token.includes(".")) throw new AblyError(40145, 401, "The token's format is invalid.");
    const { kid, claims } = verifyJwt(token, (name) => this.#findKey(name).secret);
    const { iat, exp, "x-ably-capability": asked, "x-ably-clientId": clientId } = claims;
    if (typeof iat !== "number" || typeof exp !== "number") {
      throw new AblyError(40144, 400, "The JWT lacks iat or exp, in seconds since the epoch.");
    }
    const expires = exp * 1000;
    if (expires <= Date.now()) throw new AblyError(40142, 401, "The token has expired.");
    const { capability } = this.#findKey(kid);
    return {
      keyName: kid,
      clientId: typeof clientId === "string" ? clientId : undefined,
      capability: asked ? intersect(capability, parseCapability(asked)) : capability,
      expires,
    };
  }

  #findKey(name: string): Key {
    const key = this.#keys.find((known) => known.name === name);
    if (key) return key;
    const [appId = "", keyId] = name.split(".");
    if (!appId || !keyId) throw new AblyError(40101, 401, "The key has no appId.keyId.");
    const isKnownApp = this.#keys.some((known) => appIdOf(known.name) === appId);
    throw isKnownApp
      ? new AblyError(40400, 401, `App ${appId} has no key ${keyId} here: see LOCAL_ABLY_KEYS.`)
      : new AblyError(40400, 404, `There is no app ${appId} here: see LOCAL_ABLY_KEYS.`);
  }

  #checkSecret(nameAndSecret: string): Key {
    const [name = "", ...secret] = nameAndSecret.split(":");
    const key = this.#findKey(name);
    if (equal(secret.join(":"), key.secret)) return key;
    throw new AblyError(40101, 401, "The key's secret is wrong.");
  }

  #checkSignature(key: Key, request: Record<string, unknown>): void {
    const { ttl, capability, clientId, timestamp, nonce } = request;
    const fields = [key.name, ttl, capability, clientId, timestamp, nonce];
    const signed = fields.map((field) => `${field ?? ""}\n`).join("");
    const mac = createHmac("sha256", key.secret).update(signed).digest("base64");
    if (!equal(String(request.mac), mac)) {
      throw new AblyError(40101, 401, "The token request's mac does not fit its fields.");
    }
    const now = Date.now();
    const time = Number(timestamp);
    if (!(Math.abs(now - time) <= TIMESTAMP_WINDOW_MS)) {
      throw new AblyError(40104, 401, "The token request's timestamp is over 2 minutes off.");
    }
    if (typeof nonce !== "string" || nonce.length < MIN_NONCE_LENGTH) {
      throw new AblyError(40105, 401, `The nonce has fewer than ${MIN_NONCE_LENGTH} characters.`);
    }
    for (const [used, until] of this.#nonces) if (until < now) this.#nonces.delete(used);
    const once = `${key.name} ${nonce} ${time}`;
    if (this.#nonces.has(once)) {
      throw new AblyError(40105, 401, "The token request was used before (nonce replayed).");
    }
    this.#nonces.set(once, time + TIMESTAMP_WINDOW_MS);
  }
}

/** Who a client is, given what it claims to be beside its credentials. Throws 40102. */
export function mergeIdentity(identity: Identity, claimed: string | undefined): Identity {
  if (claimed === undefined || claimed === identity.clientId) return identity;
  if (identity.clientId === "*") return { ...identity, clientId: claimed };
  throw incompatible();
}

export function incompatible(): AblyError {
  return new AblyError(40102, 401, "The clientId or the key is not the one of the credentials.");
}

export function appIdOf(keyName: string): string {
  return keyName.split(".")[0] ?? "";
}

/** A number or a string; none and 0 both mean Ably's default. */
function parseTtl(value: unknown): number {
  const ttl = Number(value ?? 0);
  if (Number.isInteger(ttl) && ttl >= 0 && ttl <= MAX_TTL_MS) return ttl || DEFAULT_TTL_MS;
  throw new AblyError(40003, 400, "The ttl must be whole ms, at the most 24 hours.");
}
