/** Which operations on which channels. https://ably.com/docs/auth/capabilities */
import { check } from "./error.ts";
import { decode, isRecord } from "./format.ts";

/** Resource (a channel name, perhaps with wildcards) → operations, or `["*"]` for all of them. */
export type Capability = Record<string, string[]>;

const OPERATIONS = `* subscribe publish presence history stats channel-metadata privileged-headers
  push-subscribe push-admin object-subscribe object-publish annotation-subscribe annotation-publish
  message-update-own message-update-any message-delete-own message-delete-any`.split(/\s+/);

/** A capability from its JSON text, or already parsed. Throws 40000 for what Ably would refuse. */
export function parseCapability(value: unknown): Capability {
  const isText = typeof value === "string";
  const parsed = isText ? decode(Buffer.from(value), "json", "The capability") : value;
  check(isRecord(parsed), 40000, "The capability is not an object.");
  for (const operations of Object.values(parsed)) {
    const isList = Array.isArray(operations) && operations.length > 0;
    const isKnown = isList && operations.every((name) => OPERATIONS.includes(name));
    const isValid = isKnown && (operations.length === 1 || !operations.includes("*"));
    const sentence = `${JSON.stringify(operations)} is neither ["*"] nor a list of operations.`;
    check(isValid, 40000, `The capability is invalid: ${sentence}`);
  }
  return parsed as Capability;
}

/** Throws 40160. */
export function requireCapability(capability: Capability, channel: string, operation: string) {
  const name = JSON.stringify(channel);
  const isPermitted = permits(capability, channel, operation);
  check(isPermitted, 40160, `The capability does not allow ${operation} on channel ${name}.`);
}

export function permits(capability: Capability, channel: string, operation: string): boolean {
  return Object.hasOwn(intersect(capability, { [channel]: [operation] }), channel);
}

/** What both allow, sorted as Ably returns it. */
export function intersect(one: Capability, other: Capability): Capability {
  const found = new Map<string, string[]>();
  for (const [resource, operations] of Object.entries(one)) {
    for (const [otherResource, otherOperations] of Object.entries(other)) {
      const shared = intersectResources(resource, otherResource);
      const both = intersectOperations(operations, otherOperations);
      if (shared === undefined || both.length === 0) continue;
      found.set(shared, [...(found.get(shared) ?? []), ...both]);
    }
  }
  const sorted = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([name, all]) => [name, all.includes("*") ? ["*"] : [...new Set(all)].toSorted()]),
  );
}

function intersectOperations(one: string[], other: string[]): string[] {
  if (one.includes("*")) return other;
  if (other.includes("*")) return one;
  return one.filter((operation) => other.includes(operation));
}

/**
 * The resource that two have in common: `*` stands for one whole segment, or, at the end, for any
 * number of them, none included. `*` leaves out `[meta]log`, and `[*]*` does not.
 */
function intersectResources(one: string, other: string): string | undefined {
  const [a, b] = [segmentsOf(one), segmentsOf(other)];
  const shared: string[] = [];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]];
    if (x === "*" && i === a.length - 1) return join([...shared, ...b.slice(i)]);
    if (y === "*" && i === b.length - 1) return join([...shared, ...a.slice(i)]);
    if (x === undefined || y === undefined) return undefined;
    if (x !== y && !isWildcard(x) && !isWildcard(y)) return undefined;
    shared.push(isWildcard(x) ? y : x);
  }
  return join(shared);
}

/** First the [qualifier], or nothing. */
function segmentsOf(resource: string): string[] {
  return resource.replace(/^(\[[^\]]*\])?/, "$1:").split(":");
}

function join([qualifier = "", ...segments]: string[]): string {
  return qualifier + segments.join(":");
}

function isWildcard(segment: string): boolean {
  return segment === "*" || segment === "[*]";
}
