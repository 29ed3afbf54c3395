/** Revoked tokens. https://ably.com/docs/auth/revocation */
import type { Capability } from "./capability.ts";
import { assert } from "./error.ts";
import { type Fields, isRecord } from "./format.ts";

const REAUTH_MARGIN_MS = 30_000;
const MAX_AGE_MS = 60 * 60 * 1000;
const TARGET = /^(clientId|channel|revocationKey):.{1,2048}$/s;

/** What a token says about itself. Times are in ms since the epoch. */
export type Token = Record<"issued" | "expires", number> &
  Record<"clientId" | "revocationKey", string | undefined>;
type Holder = { readonly token?: Token; readonly capability: Capability };
type Revocation = { target: string; issuedBefore: number; appliesAt: number };

/** The revocations of one key's tokens. */
export class Revocations {
  readonly #all: Revocation[] = [];

  /** Returns when a token is revoked, or Infinity. */
  appliesAt({ token, capability }: Holder): number {
    if (!token || this.#all.length === 0) return Infinity;
    const { issued, clientId = "", revocationKey = "" } = token;
    const channels = Object.keys(capability).map((name) => `channel:${name}`);
    const targets = new Set([
      `clientId:${clientId}`,
      `revocationKey:${revocationKey}`,
      ...channels,
    ]);
    const own = this.#all.filter((one) => targets.has(one.target) && issued < one.issuedBefore);
    return Math.min(Infinity, ...own.map(({ appliesAt }) => appliesAt));
  }

  add(target: string, when: ReturnType<typeof parseRevocation>["when"], max: number): Revocation {
    assert(TARGET.test(target), 40000, "A target is clientId:…, channel:… or revocationKey:….");
    assert(this.#all.length < max, 42910, `Local Ably keeps at most ${max} revocations of a key.`);
    const revocation = { target, ...when };
    this.#all.push(revocation);
    return revocation;
  }
}

export function parseRevocation(body: unknown) {
  assert(isRecord(body), 40000, "The revocation must be an object.");
  const { targets, allowReauthMargin }: Fields = body;
  const now = Date.now();
  const issuedBefore = Number(body.issuedBefore ?? now);
  const isRecent = issuedBefore <= now && issuedBefore >= now - MAX_AGE_MS;
  assert(isRecent, 40003, "issuedBefore must be ms, not in the future, and at most 1 hour ago.");
  assert(Array.isArray(targets) && targets.length > 0, 40000, "targets must be a list of targets.");
  const appliesAt = allowReauthMargin === true ? now + REAUTH_MARGIN_MS : now;
  return { targets: targets as unknown[], when: { issuedBefore, appliesAt } };
}
