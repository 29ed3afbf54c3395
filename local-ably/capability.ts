/** Which operations are allowed on which channels. https://ably.com/docs/auth/capabilities */
import { assert } from "./error.ts";
import { decode, isRecord } from "./format.ts";

/** By resource: a channel name that may have wildcards. `["*"]` stands for all operations. */
export type Capability = Record<string, string[]>;

const OPERATIONS = `* subscribe publish presence history stats channel-metadata privileged-headers
  push-subscribe push-admin object-subscribe object-publish annotation-subscribe annotation-publish
  message-update-own message-update-any message-delete-own message-delete-any`.split(/\s+/);

/** The first segment is the [qualifier], or empty. */
const segmentsOf = (resource: string) => resource.replace(/^(\[[^\]]*\])?/, "$1:").split(":");
const join = ([qualifier = "", ...segments]: string[]): string => qualifier + segments.join(":");
const isWildcard = (segment: string): boolean => segment === "*" || segment === "[*]";

export function parseCapability(value: unknown): Capability {
  const isText = typeof value === "string";
  const parsed = isText ? decode(Buffer.from(value), "json", "The capability") : value;
  assert(isRecord(parsed), 40000, "The capability must be an object.");
  const entries = Object.entries(parsed);
  return Object.fromEntries(entries.map(([name, operations]) => [name, readList(operations)]));
}

function readList(value: unknown): string[] {
  assert(Array.isArray(value) && value.length > 0, 40000, "The capability lists no operations.");
  const unknown = value.filter((name) => !OPERATIONS.includes(name));
  assert(unknown.length === 0, 40000, `The capability has unknown operations: ${unknown}.`);
  assert(value.length === 1 || !value.includes("*"), 40000, "Beside *, list no other operations.");
  return value;
}

/** The segments of each resource. A token may list thousands: they are split once. */
const resources = new WeakMap<Capability, { segments: string[]; operations: string[] }[]>();

function resourcesOf(capability: Capability) {
  const known = resources.get(capability);
  if (known) return known;
  const entries = Object.entries(capability);
  const all = entries.map(([name, operations]) => ({ segments: segmentsOf(name), operations }));
  resources.set(capability, all);
  return all;
}

/** Returns whether an operation is allowed on a channel. */
export function permissionsOn(capability: Capability, channel: string) {
  const name = segmentsOf(channel);
  const matching = resourcesOf(capability).filter(({ segments }) => includes(segments, name));
  const allowed = new Set(matching.flatMap(({ operations }) => operations));
  return (operation: string): boolean => allowed.has("*") || allowed.has(operation);
}

export const permits = (capability: Capability, channel: string, operation: string): boolean =>
  permissionsOn(capability, channel)(operation);

export function requireCapability(capability: Capability, channel: string, operation: string) {
  const isAllowed = permits(capability, channel, operation);
  assert(isAllowed, 40160, `The capability does not allow ${operation} on "${channel}".`);
}

/** Whether a resource includes a channel. At the end, `*` stands for any number of segments. */
function includes(resource: string[], channel: string[]): boolean {
  const last = resource.length - 1;
  const isOpen = resource[last] === "*" && channel.length >= last;
  if (!isOpen && resource.length !== channel.length) return false;
  return resource.every((segment, i) => segment === channel[i] || isWildcard(segment));
}

/** Returns what both allow, sorted as Ably sorts it. */
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
  const toList = (all: string[]) => (all.includes("*") ? ["*"] : [...new Set(all)].toSorted());
  return Object.fromEntries(sorted.map(([name, all]) => [name, toList(all)]));
}

function intersectOperations(one: string[], other: string[]): string[] {
  if (one.includes("*")) return other;
  return other.includes("*") ? one : one.filter((operation) => other.includes(operation));
}

/**
 * `*` stands for one segment or, at the end, for any number of them, including none: `room:*` also
 * allows the channel `room`, as at Ably. `*` does not allow `[meta]log`, and `[*]*` does.
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
