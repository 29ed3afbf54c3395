/** Keys, token requests and tokens: who a caller is, and what it may do. */
import { createHmac, randomBytes } from "node:crypto";
import { type Capability, intersect, parseCapability } from "./capability.ts";
import { assert } from "./error.ts";
import { isRecord } from "./format.ts";
import { isEqualSecret, readJwt, signJwt } from "./jwt.ts";

/** An Ably API key. `name` is `appId.keyId`. */
export type Key = { name: string; secret: string; capability: Capability };

/** Who sends a request or opens a connection. */
export type Identity = {
  keyName: string;
  /** `*` if the caller may use any client ID. */
  clientId: string | undefined;
  capability: Capability;
  /** When the token expires, ms since the epoch. Keys do not expire. */
  expires?: number;
};

/** What a request carries: a key (`name:secret`) or a token, and a client ID. */
export type Credentials = { [part in "key" | "token" | "clientId"]?: string | undefined };

const DEFAULT_TTL_MS = 60 * 60 * 1000;
const MAX_TTL_MS = 24 * 60 * 60 * 1000;
const TIMESTAMP_WINDOW_MS = 2 * 60 * 1000;
const MIN_NONCE_LENGTH = 16;
const MAX_NONCE_LENGTH = 256;

export function appIdOf(keyName: string): string {
  return keyName.split(".")[0] ?? "";
}

export class Auth {
  readonly #keys: Map<string, Key>;
  readonly #maxTokenRequests: number;
  /** Used nonces, and when each can be forgotten because its timestamp is too old by then. */
  readonly #nonces = new Map<string, number>();

  constructor(keys: Key[], { maxTokenRequests }: { maxTokenRequests: number }) {
    this.#keys = new Map(keys.map((key) => [key.name, key]));
    this.#maxTokenRequests = maxTokenRequests;
  }

  /** Returns who has these credentials. Throws Ably's code for each way they can be wrong. */
  identify({ key, token, clientId: claimed }: Credentials): Identity {
    assert(token || key, 40101, "The request has no key and no token. Send one of them.");
    const identity = token ? this.#readToken(token) : this.#readKey(key ?? "");
    assert(
      claimed === undefined || claimed === identity.clientId || identity.clientId === "*",
      40102,
      "The clientId of the request is not the clientId of the credentials.",
    );
    return { ...identity, clientId: claimed ?? identity.clientId };
  }

  /** Returns the key that a token names. Throws 40101 or 40400. */
  findKey(name: string): Key {
    const [appId, keyId] = name.split(".");
    assert(appId && keyId, 40101, "The key name must be appId.keyId.");
    assert(this.#hasApp(name), 40400, `Local Ably has no app ${appId}. See LOCAL_ABLY_KEYS.`);
    const key = this.#keys.get(name);
    assert(key, 40400, `App ${appId} has no key ${keyId}. See LOCAL_ABLY_KEYS.`, 401);
    return key;
  }

  /**
   * Answers `POST /keys/{keyName}/requestToken` with a token.
   * https://ably.com/docs/api/token-request-spec
   * @param body A signed TokenRequest, or an unsigned one if the credentials are the key itself.
   */
  requestToken(keyName: string, body: unknown, credentials: Credentials) {
    const key = this.findKey(keyName);
    assert(isRecord(body), 40000, "The token request must be an object.");
    const ttl = Number(body.ttl ?? 0);
    assert(
      Number.isInteger(ttl) && ttl >= 0 && ttl <= MAX_TTL_MS,
      40003,
      "The ttl must be a whole number of ms, at most 24 hours.",
    );
    const clientId = readClientId(body.clientId);
    if (typeof body.mac === "string") this.#checkSignature(key, body);
    else this.#checkSameKey(keyName, credentials);

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

  #hasApp(keyName: string): boolean {
    return [...this.#keys.keys()].some((name) => appIdOf(name) === appIdOf(keyName));
  }

  #readKey(nameAndSecret: string): Identity {
    const [name = "", ...rest] = nameAndSecret.split(":");
    // Ably answers 40101 if it cannot find the app of a key, and 40400 if that of a JWT.
    assert(this.#hasApp(name), 40101, `No app of local Ably has the key ${name}. Check the key.`);
    const { secret, capability } = this.findKey(name);
    assert(isEqualSecret(rest.join(":"), secret), 40101, `The secret of key ${name} is wrong.`);
    return { keyName: name, clientId: "*", capability };
  }

  /** All tokens are JWTs: those that local Ably issues, and those that an app signs itself. */
  #readToken(token: string): Identity {
    assert(token.includes("."), 40145, "The token is not a JWT.");
    const { kid: keyName, claims } = readJwt(token, (kid) => this.findKey(kid).secret);
    const { iat, exp, "x-ably-capability": asked } = claims;
    assert(
      typeof iat === "number" && typeof exp === "number",
      40144,
      "The JWT needs iat and exp, in seconds since the epoch.",
      400,
    );
    const expires = exp * 1000;
    assert(expires > Date.now(), 40142, "The token has expired.");
    const capability = narrow(this.findKey(keyName).capability, asked);
    const clientId = readClientId(claims["x-ably-clientId"]);
    return { keyName, clientId, capability, expires };
  }

  #checkSameKey(keyName: string, credentials: Credentials): void {
    assert(
      this.identify(credentials).keyName === keyName && !credentials.token,
      40101,
      "An unsigned token request needs its own key as credentials.",
    );
  }

  #checkSignature(key: Key, request: Record<string, unknown>): void {
    const { ttl, capability, clientId, timestamp, nonce } = request;
    assert(
      typeof nonce === "string" &&
        nonce.length >= MIN_NONCE_LENGTH &&
        nonce.length <= MAX_NONCE_LENGTH,
      40105,
      `The nonce must have ${MIN_NONCE_LENGTH} to ${MAX_NONCE_LENGTH} characters.`,
    );
    const fields = [key.name, ttl, capability, clientId, timestamp, nonce];
    const signed = fields.map((field) => `${field ?? ""}\n`).join("");
    const mac = createHmac("sha256", key.secret).update(signed).digest("base64");
    assert(
      isEqualSecret(String(request.mac), mac),
      40101,
      "The mac of the token request does not match. Check the secret of the key.",
    );
    const time = Number(timestamp);
    assert(
      Math.abs(Date.now() - time) <= TIMESTAMP_WINDOW_MS,
      40104,
      "The timestamp of the token request is more than 2 minutes off. Check the clock.",
    );
    this.#useNonce(`${key.name} ${nonce} ${time}`, time + TIMESTAMP_WINDOW_MS);
  }

  #useNonce(once: string, until: number): void {
    const now = Date.now();
    for (const [used, end] of this.#nonces) if (end < now) this.#nonces.delete(used);
    assert(!this.#nonces.has(once), 40105, "The token request was used before (nonce replayed).");
    assert(
      this.#nonces.size < this.#maxTokenRequests,
      42910,
      `Local Ably accepts at most ${this.#maxTokenRequests} token requests in 4 minutes.`,
    );
    this.#nonces.set(once, until);
  }
}

function readClientId(value: unknown): string | undefined {
  assert(
    value == null || (typeof value === "string" && value !== ""),
    40012,
    "A clientId must be a string that is not empty. To have none, leave it out.",
  );
  return value ?? undefined;
}

/** Returns what the token asks for and its key allows. Throws 40160 if that is nothing. */
function narrow(capability: Capability, asked: unknown): Capability {
  if (!asked) return capability;
  const shared = intersect(capability, parseCapability(asked));
  assert(
    Object.keys(shared).length > 0,
    40160,
    "The key of the token allows nothing of the requested capability.",
  );
  return shared;
}
