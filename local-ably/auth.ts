/** Keys, token requests and tokens: who a caller is and what it may do. */
import { createHmac, randomBytes } from "node:crypto";
import { App } from "./app.ts";
import { type Capability, intersect, parseCapability } from "./capability.ts";
import { check } from "./error.ts";
import { isRecord } from "./format.ts";
import { equal, readJwt, signJwt } from "./jwt.ts";
import type { Settings } from "./settings.ts";

/** One of Ably's API keys. `name` is `appId.keyId`. */
export type Key = { name: string; secret: string; capability: Capability };

/** Who a request or a connection comes from. `clientId` is `*` if it may speak for anyone. */
export type Identity = {
  app: App;
  keyName: string;
  clientId: string | undefined;
  capability: Capability;
  /** When its token expires, in ms since the epoch. A key does not. */
  expires?: number;
};

/** What a request came with: a whole key (`name:secret`) or a token, and who it claims to be. */
export type Credentials = { [part in "key" | "token" | "clientId"]?: string | undefined };

const DEFAULT_TTL_MS = 60 * 60 * 1000;
const MAX_TTL_MS = 24 * 60 * 60 * 1000;
const TIMESTAMP_WINDOW_MS = 2 * 60 * 1000;
const MIN_NONCE_LENGTH = 16;

export class Auth {
  readonly keys: Key[];
  readonly #apps: Map<string, App>;
  /** Nonces that were used, with the time from which their timestamp would be refused anyway. */
  readonly #nonces = new Map<string, number>();

  constructor(keys: Key[], settings: Settings) {
    this.keys = keys;
    const appIds = keys.map(({ name }) => name.slice(0, name.indexOf(".")));
    this.#apps = new Map(appIds.map((id) => [id, new App(settings)]));
  }

  /** Who has these credentials. Throws Ably's code for each way in which they are wrong. */
  identify({ key, token, clientId: claimed }: Credentials): Identity {
    check(token || key, 40101, "There is no key and no token: send one of them.");
    const identity = token ? this.#readToken(token) : this.#readKey(key ?? "");
    const isOwn = claimed === undefined || claimed === identity.clientId;
    const sentence = "The clientId is not the one of the credentials.";
    check(isOwn || identity.clientId === "*", 40102, sentence);
    return { ...identity, clientId: claimed ?? identity.clientId };
  }

  /**
   * `POST /keys/{keyName}/requestToken`: a token for a signed TokenRequest, or for one that came
   * with the key itself. https://ably.com/docs/api/token-request-spec
   */
  requestToken(keyName: string, body: unknown, credentials: Credentials) {
    const key = this.#findKey(keyName);
    check(isRecord(body), 40000, "The token request is not an object.");
    const ttl = Number(body.ttl ?? 0);
    const isTtl = Number.isInteger(ttl) && ttl >= 0 && ttl <= MAX_TTL_MS;
    check(isTtl, 40003, "The ttl must be whole ms, at the most 24 hours.");
    const clientId = readClientId(body.clientId);
    if (typeof body.mac === "string") this.#checkSignature(key, body);
    else {
      const isOwn = this.identify(credentials).keyName === keyName && !credentials.token;
      check(isOwn, 40101, "The key is not the one that the token is asked of.");
    }

    const capability = JSON.stringify(narrow(key.capability, body.capability));
    const issued = Date.now();
    // None and 0 both mean the default.
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
    const [name = "", ...secret] = nameAndSecret.split(":");
    const { app, capability, ...key } = this.#findKey(name);
    check(equal(secret.join(":"), key.secret), 40101, "The key's secret is wrong.");
    return { app, keyName: name, clientId: "*", capability };
  }

  /** Every token is a JWT: those that local Ably issues, and those that an app signs by itself. */
  #readToken(token: string): Identity {
    check(token.includes("."), 40145, "The token's format is invalid.");
    const { kid: keyName, claims } = readJwt(token, (kid) => this.#findKey(kid).secret);
    const { iat, exp, "x-ably-capability": asked } = claims;
    const isDated = typeof iat === "number" && typeof exp === "number";
    check(isDated, 40144, "The JWT lacks iat or exp, in seconds since the epoch.", 400);
    const expires = exp * 1000;
    check(expires > Date.now(), 40142, "The token has expired.");
    const { app, capability } = this.#findKey(keyName);
    const narrowed = narrow(capability, asked);
    const clientId = readClientId(claims["x-ably-clientId"]);
    return { app, keyName, clientId, capability: narrowed, expires };
  }

  #findKey(name: string): Key & { app: App } {
    const [appId = "", keyId] = name.split(".");
    check(appId && keyId, 40101, "The key has no appId.keyId.");
    const app = this.#apps.get(appId);
    check(app, 40400, `There is no app ${appId} here: see LOCAL_ABLY_KEYS.`);
    const key = this.keys.find((known) => known.name === name);
    check(key, 40400, `App ${appId} has no key ${keyId} here: see LOCAL_ABLY_KEYS.`, 401);
    return { ...key, app };
  }

  #checkSignature(key: Key, request: Record<string, unknown>): void {
    const { ttl, capability, clientId, timestamp, nonce } = request;
    const fields = [key.name, ttl, capability, clientId, timestamp, nonce];
    const signed = fields.map((field) => `${field ?? ""}\n`).join("");
    const mac = createHmac("sha256", key.secret).update(signed).digest("base64");
    const isSigned = equal(String(request.mac), mac);
    check(isSigned, 40101, "The token request's mac does not fit its fields.");

    const now = Date.now();
    const time = Number(timestamp);
    const isCurrent = Math.abs(now - time) <= TIMESTAMP_WINDOW_MS;
    check(isCurrent, 40104, "The token request's timestamp is over 2 minutes off.");
    const isLong = typeof nonce === "string" && nonce.length >= MIN_NONCE_LENGTH;
    check(isLong, 40105, `The nonce has fewer than ${MIN_NONCE_LENGTH} characters.`);
    for (const [used, until] of this.#nonces) if (until < now) this.#nonces.delete(used);
    const once = `${key.name} ${nonce} ${time}`;
    check(!this.#nonces.has(once), 40105, "The token request was used before (nonce replayed).");
    this.#nonces.set(once, time + TIMESTAMP_WINDOW_MS);
  }
}

function readClientId(value: unknown): string | undefined {
  const isValid = value == null || (typeof value === "string" && value !== "");
  check(isValid, 40012, "A clientId must be a string, and not empty: leave it out.");
  return value ?? undefined;
}

/** What a token may do: what was asked for, or all, of what its key may. Throws 40160 for nothing. */
function narrow(capability: Capability, asked: unknown): Capability {
  if (!asked) return capability;
  const shared = intersect(capability, parseCapability(asked));
  const isSome = Object.keys(shared).length > 0;
  check(isSome, 40160, "The capability asked for shares nothing with the key's.");
  return shared;
}
