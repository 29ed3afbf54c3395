/** Keys, token requests and tokens: who a caller is, and what it may do. */
import { createHmac, randomBytes } from "node:crypto";
import { App } from "./app.ts";
import { type Capability, intersect, parseCapability } from "./capability.ts";
import { AblyError, assert } from "./error.ts";
import { type Fields, isRecord, toText } from "./format.ts";
import { isEqualSecret, readJwt, signJwt } from "./jwt.ts";
import { Revocations, type Token } from "./revocation.ts";
import type { Settings } from "./settings.ts";

/** An Ably API key. `name` is `appId.keyId`. */
export type Key = {
  name: string;
  secret: string;
  capability: Capability;
  revocableTokens?: boolean;
};
type KeyOfApp = Key & { app: App; revocations: Revocations };
export type Identity = {
  app: App;
  keyName: string;
  /** `*` if the caller may use any client ID. */
  clientId: string | undefined;
  capability: Capability;
  /** Keys have none: they do not expire, and cannot be revoked. */
  token?: Token;
};
/** A key (`name:secret`) or a token, and the client ID that the caller claims. */
export type Credentials = { [part in "key" | "token" | "clientId"]?: string | undefined };

const DEFAULT_TTL_MS = 60 * 60 * 1000;
const MAX_TTL_MS = 24 * 60 * 60 * 1000;
const TIMESTAMP_WINDOW_MS = 2 * 60 * 1000;
const NONCE = /^.{16,256}$/s;
const appIdOf = (keyName: string): string => keyName.split(".")[0] ?? "";

export class Auth {
  readonly #keys = new Map<string, KeyOfApp>();
  readonly #apps = new Map<string, App>();
  /** Used nonces, and when their timestamps become too old to be used again. */
  readonly #nonces = new Map<string, number>();

  constructor(keys: Key[], settings: Settings) {
    for (const key of keys) {
      const appId = appIdOf(key.name);
      const app = this.#apps.get(appId) ?? new App(settings);
      this.#apps.set(appId, app);
      this.#keys.set(key.name, { ...key, app, revocations: new Revocations() });
    }
  }

  identify({ key, token, clientId: claimed }: Credentials): Identity {
    assert(token || key, 40101, "The request has no key and no token. Send one of them.");
    const identity = token ? this.#readToken(token) : this.#readKey(key ?? "");
    const { clientId } = identity;
    const isOwn = claimed === undefined || claimed === clientId || clientId === "*";
    assert(isOwn, 40102, "The clientId of the request is not that of the credentials.");
    return { ...identity, clientId: claimed ?? clientId };
  }

  /** Ably answers 40101 if it does not know the app of a key, and 40400 if that of a JWT. */
  findKey(name: string, codeWithoutApp = 40400): KeyOfApp {
    const [appId, keyId] = name.split(".");
    assert(appId && keyId, 40101, "The key name must be appId.keyId.");
    assert(
      this.#apps.has(appId),
      codeWithoutApp,
      `Local Ably has no app ${appId}. See LOCAL_ABLY_KEYS.`,
    );
    const key = this.#keys.get(name);
    assert(key, 40400, `App ${appId} has no key ${keyId}. See LOCAL_ABLY_KEYS.`, 401);
    return key;
  }

  /** Returns when an identity ends, ms since the epoch, and the error that ends it. */
  endOf(identity: Identity): { at: number; error: AblyError } {
    const { expires = Infinity } = identity.token ?? {};
    const revoked = this.findKey(identity.keyName).revocations.appliesAt(identity);
    if (revoked < expires)
      return { at: revoked, error: new AblyError(40141, "The token was revoked.") };
    return { at: expires, error: new AblyError(40142, "The token has expired.") };
  }

  /** Returns the key whose tokens the caller may revoke. Throws 40133, 40162 or 40163. */
  findRevocable(name: string, credentials: Credentials): KeyOfApp {
    const key = this.findKey(name);
    assert(!credentials.token, 40162, "Revoke tokens with the key itself, not with a token.");
    const isOwn = this.identify(credentials).keyName === name;
    assert(isOwn, 40133, "Only the key that issued tokens can revoke them.");
    assert(key.revocableTokens, 40163, `Key ${name} has no revocableTokens: true.`);
    return key;
  }

  /** https://ably.com/docs/api/token-request-spec */
  requestToken(key: KeyOfApp, body: unknown, credentials: Credentials) {
    const { name: keyName } = key;
    assert(isRecord(body), 40000, "The token request must be an object.");
    const ttl = Number(body.ttl ?? 0);
    const isTtl = Number.isInteger(ttl) && ttl >= 0 && ttl <= MAX_TTL_MS;
    assert(isTtl, 40003, "The ttl must be a whole number of ms, at most 24 hours.");
    const clientId = readClientId(body.clientId);
    if (typeof body.mac === "string") this.#checkSignature(key, body);
    else if (credentials.token || this.identify(credentials).keyName !== keyName)
      throw new AblyError(40101, "An unsigned token request needs its own key as credentials.");

    const capability = JSON.stringify(narrow(key.capability, body.capability));
    const issued = Date.now();
    const expires = issued + (ttl || DEFAULT_TTL_MS);
    const token = signJwt(keyName, key.secret, {
      iat: issued / 1000,
      exp: expires / 1000,
      jti: randomBytes(9).toString("base64url"),
      "x-ably-capability": capability,
      "x-ably-clientId": clientId,
    });
    return { token, keyName, issued, expires, capability, clientId };
  }

  #readKey(nameAndSecret: string): Identity {
    const [name = "", ...rest] = nameAndSecret.split(":");
    const { app, secret, capability } = this.findKey(name, 40101);
    assert(isEqualSecret(rest.join(":"), secret), 40101, `The secret of key ${name} is wrong.`);
    return { app, keyName: name, clientId: "*", capability };
  }

  /** All tokens are JWTs, those that local Ably issues included. */
  #readToken(jwt: string): Identity {
    assert(jwt.includes("."), 40145, "The token is not a JWT.");
    const { kid: keyName, claims } = readJwt(jwt, (kid) => this.findKey(kid).secret);
    const { iat, exp, "x-ably-capability": asked } = claims;
    if (typeof iat !== "number" || typeof exp !== "number")
      throw new AblyError(40144, "The JWT needs iat and exp, in seconds since the epoch.", 400);
    const key = this.findKey(keyName);
    const capability = narrow(key.capability, asked);
    const clientId = readClientId(claims["x-ably-clientId"]);
    const revocationKey = toText(claims["x-ably-revocation-key"]);
    const token = { issued: Math.round(iat * 1000), expires: exp * 1000, clientId, revocationKey };
    const identity = { app: key.app, keyName, clientId, capability, token };
    const { at, error } = this.endOf(identity);
    if (at <= Date.now()) throw error;
    return identity;
  }

  #checkSignature(key: KeyOfApp, request: Fields): void {
    const { ttl, capability, clientId, timestamp, nonce } = request;
    const isNonce = typeof nonce === "string" && NONCE.test(nonce);
    assert(isNonce, 40105, "The nonce must have 16 to 256 characters.");
    const fields = [key.name, ttl, capability, clientId, timestamp, nonce];
    const signed = fields.map((field) => `${field ?? ""}\n`).join("");
    const mac = createHmac("sha256", key.secret).update(signed).digest("base64");
    assert(isEqualSecret(String(request.mac), mac), 40101, "The mac is wrong. Check the secret.");
    const time = Number(timestamp);
    const isCurrent = Math.abs(Date.now() - time) <= TIMESTAMP_WINDOW_MS;
    assert(isCurrent, 40104, "The timestamp is more than 2 minutes off. Check the clock.");
    const once = `${key.name} ${nonce} ${time}`;
    for (const [used, end] of this.#nonces) if (end < Date.now()) this.#nonces.delete(used);
    assert(!this.#nonces.has(once), 40105, "The token request was used before (nonce replayed).");
    const hasRoom = this.#nonces.size < key.app.settings.maxTokenRequests;
    assert(hasRoom, 42910, "Too many token requests. Wait 4 minutes.");
    this.#nonces.set(once, time + TIMESTAMP_WINDOW_MS);
  }
}

function readClientId(value: unknown): string | undefined {
  if (value == null || (typeof value === "string" && value !== "")) return value ?? undefined;
  throw new AblyError(40012, "A clientId must be a string, and not empty. Leave it out for none.");
}

/** Returns what the token asks for and its key allows. Throws 40160 if that is nothing. */
function narrow(capability: Capability, asked: unknown): Capability {
  if (!asked) return capability;
  const shared = intersect(capability, parseCapability(asked));
  assert(Object.keys(shared).length > 0, 40160, "The key allows nothing that the token asks for.");
  return shared;
}
